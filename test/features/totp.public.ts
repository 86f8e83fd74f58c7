import { GUESSES, type Limited, ONCE } from '../policy.ts'

/** Routes that strangers may use. Whoever adds a line here says why in the review. */
export const strangers = [
  'POST /login/totp', // the forms of the same steps
  'POST /login/totp/enrol',
  'POST /login/totp/enrol/confirm',
  'POST /user/login/totp', // a step of a sign-in; the ticket is what counts
  'POST /user/login/totp/enrol', // the same
  'POST /user/login/totp/enrol/confirm', // the same
]

/** Whatever compares a code or sends mail, with its limits. */
export const limited: Limited = {
  'DELETE /user/totp': { network: 'confirm', account: [ONCE] },
  'POST /account/totp': { network: 'confirm', account: [ONCE] },
  'POST /account/totp/confirm': { network: 'confirm', account: [GUESSES] },
  'POST /account/totp/remove': { network: 'confirm', account: [ONCE] },
  'POST /login/totp': { network: 'login', account: [GUESSES, ONCE] },
  'POST /login/totp/enrol': { network: 'login', account: [ONCE] },
  'POST /login/totp/enrol/confirm': { network: 'login', account: [GUESSES, ONCE] },
  'POST /user/login/totp': { network: 'login', account: [GUESSES, ONCE] },
  'POST /user/login/totp/enrol': { network: 'login', account: [ONCE] },
  'POST /user/login/totp/enrol/confirm': { network: 'login', account: [GUESSES, ONCE] },
  'POST /user/totp': { network: 'confirm', account: [ONCE] },
  'POST /user/totp/confirm': { network: 'confirm', account: [GUESSES] },
}
