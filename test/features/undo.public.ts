import { ONCE, type Limited } from '../policy.ts'

/** Routes that strangers may use. Whoever adds a line here says why in the review. */
export const strangers = [
  'GET /undo', // says what the mailed token would undo, which is what counts
  'POST /undo',
  'POST /user/undo',
]

/** Whatever compares a password or sends mail, with its limits. */
export const limited: Limited = {
  'GET /undo': { network: 'link', account: [ONCE] },
  'POST /undo': { network: 'link', account: [ONCE] },
  'POST /user/undo': { network: 'link', account: [ONCE] },
}
