import { CODES, GUESSES, ONCE, type Limited } from '../policy.ts'

/** Routes that strangers may use. Whoever adds a line here says why in the review. */
export const strangers = [
  'GET /login/code',
  'GET /login/code/verify', // a form; the ticket in the cookie is what counts
  'POST /login/code',
  'POST /login/code/verify',
  'POST /user/login/code',
  'POST /user/login/code/verify',
]

/** Whatever compares a code or sends mail, with its limits. */
export const limited: Limited = {
  'POST /login/code': { network: 'mail', account: [CODES] },
  'POST /login/code/verify': { network: 'link', account: [GUESSES, ONCE] },
  'POST /user/login/code': { network: 'mail', account: [CODES] },
  'POST /user/login/code/verify': { network: 'link', account: [GUESSES, ONCE] },
}
