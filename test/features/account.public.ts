import { GUESSES, type Limited } from '../policy.ts'

/** Whatever compares a password or sends mail, with its limits. */
export const limited: Limited = {
  'DELETE /user/me': { network: 'confirm', account: [GUESSES] },
  'POST /account/delete': { network: 'confirm', account: [GUESSES] },
}
