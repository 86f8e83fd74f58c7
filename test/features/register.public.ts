import { MAILS, type Limited } from '../policy.ts'

/** Routes that strangers may use. Whoever adds a line here says why in the review. */
export const strangers = ['GET /register', 'POST /register', 'POST /user/register']

/** Whatever compares a password or sends mail, with its limits. */
export const limited: Limited = {
  'POST /register': { network: 'register', account: [MAILS] },
  'POST /user/register': { network: 'register', account: [MAILS] },
}
