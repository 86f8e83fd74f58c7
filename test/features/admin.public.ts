import { ONCE, type Limited } from '../policy.ts'

/** Whatever compares a password or sends mail, with its limits. */
export const limited: Limited = {
  'POST /admin/users': { network: 'admin', account: [ONCE] },
  'POST /admin/users/:id/invite': { network: 'admin', account: [] },
  'POST /admin/users/:id/reset': { network: 'admin', account: [] },
  'POST /admin/users/:id/verification': { network: 'admin', account: [] },
  'DELETE /admin/users/:id/factors': { network: 'admin', account: [] },
  'DELETE /admin/users/:id/factors/:factor': { network: 'admin', account: [] },
  'POST /console/users/new': { network: 'admin', account: [ONCE] },
  'POST /console/users/:id': { network: 'admin', account: [] },
}
