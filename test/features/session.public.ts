import { GUESSES, MAILS, ONCE, type Limited } from '../policy.ts'

/** Routes that strangers may use. Whoever adds a line here says why in the review. */
export const strangers = ['POST /logout', 'POST /user/refresh']

/** Whatever compares a password or sends mail, with its limits. */
export const limited: Limited = {
  'POST /account/confirm': { network: 'confirm', account: [GUESSES, MAILS] },
  'POST /user/reauth': { network: 'confirm', account: [GUESSES] },
  'POST /user/refresh': { network: 'refresh', account: [ONCE] }, // the mail of a replay
}
