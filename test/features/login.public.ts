import { GUESSES, MAILS, type Limited } from '../policy.ts'

/** Routes that strangers may use. Whoever adds a line here says why in the review. */
export const strangers = ['GET /login', 'POST /login']

/** Whatever compares a password or sends mail, with its limits. */
export const limited: Limited = {
  'POST /login': { network: 'login', account: [GUESSES, MAILS] },
}
