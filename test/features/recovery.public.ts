import { GUESSES, type Limited, ONCE } from '../policy.ts'

/** Routes that strangers may use. Whoever adds a line here says why in the review. */
export const strangers = [
  'POST /login/recovery', // its form
  'POST /user/login/recovery', // a step of a sign-in; the ticket is what counts
]

/** Whatever compares a code or sends mail, with its limits. */
export const limited: Limited = {
  'POST /account/recovery-codes': { network: 'confirm', account: [GUESSES] },
  'POST /login/recovery': { network: 'login', account: [GUESSES, ONCE] },
  'POST /user/login/recovery': { network: 'login', account: [GUESSES, ONCE] },
  'POST /user/recovery-codes': { network: 'confirm', account: [GUESSES] },
}
