import { GUESSES, type Limited } from '../policy.ts'

/** Whatever sends mail, with its limits. */
export const limited: Limited = {
  'POST /account/security': { network: 'confirm', account: [GUESSES] },
  'PUT /user/second-factor': { network: 'confirm', account: [GUESSES] },
}
