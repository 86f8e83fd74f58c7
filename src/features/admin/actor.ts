import type { SignedInCall } from '../../core/call.ts'

/** The same call with the admin as the actor, for the audit trail when an admin changes another user. */
export const asAdmin = (call: SignedInCall): SignedInCall => ({
  ...call,
  origin: { ...call.origin, actor: `user:${call.session.user_id}` },
})
