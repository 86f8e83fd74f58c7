import { GUESSES, MAILS, ONCE, type Limited } from '../policy.ts'

/** Routes that strangers may use. Whoever adds a line here says why in the review. */
export const strangers = [
  'POST /user/login',
  'GET /forgot',
  'GET /reset', // a form; the mailed token is what counts
  'POST /forgot',
  'POST /reset',
  'POST /user/password/forgot',
  'POST /user/password/reset',
]

/** Whatever compares a password or sends mail, with its limits. */
export const limited: Limited = {
  'POST /user/login': { network: 'login', account: [GUESSES, MAILS] },
  'GET /reset': { network: 'link', account: [ONCE] }, // it reads whether the link still does something
  'POST /account/password': { network: 'confirm', account: [GUESSES] },
  'DELETE /user/password': { network: 'confirm', account: [ONCE] },
  'POST /account/password/remove': { network: 'confirm', account: [ONCE] },
  'POST /forgot': { network: 'mail', account: [MAILS] },
  'POST /reset': { network: 'link', account: [ONCE] },
  'POST /user/password': { network: 'confirm', account: [GUESSES] },
  'POST /user/password/forgot': { network: 'mail', account: [MAILS] },
  'POST /user/password/reset': { network: 'link', account: [ONCE] },
}
