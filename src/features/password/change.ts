import type { SignedInCall } from '../../core/call.ts'
import { auditRow } from '../../core/events/audit.ts'
import { refuseCommon } from '../../core/passwords/credentials.ts'
import { revokeSessions } from '../../core/sessions/sessions.ts'
import { voidOneTime } from '../../core/users/one-time.ts'
import { undoableMail } from '../../core/users/undo.ts'
import { passwordReplaced, hashFor } from '../../doorkeeper/rpc.ts'
import { settle } from '../../lib/settle.ts'
import { sql } from '../../lib/sql.ts'
import { confirmChange } from '../../signing-in/confirm.ts'
import { rest } from '../../signing-in/rest.ts'
import { mails } from './mails.ts'

type Change = { current_password?: string | undefined; new_password: string }

/**
 * Sets a new password for a user who knows the current one, or who has none and signed in a short while ago. Ends the
 * user's other sessions.
 * @throws Problem 401 `invalid_credentials` or `fresh_login_required`, 401 `invalid_token` when the session has ended, 422 `invalid_body`, 503
 * `unavailable`
 */
export async function changePassword(call: SignedInCall, { current_password, new_password }: Change): Promise<void> {
  const proof = await confirmChange(call, { password: current_password }, 'current_password')
  const { user } = proof
  await refuseCommon(new_password, user.email, call.settings, 'new_password')
  const hash = await hashFor(call, { email: user.email, password: new_password })
  const changed = sql`id = ${user.id} AND hashed_password = ${hash}`
  const isChanged = sql`EXISTS (SELECT 1 FROM users WHERE ${changed})`
  const event = { event: 'password_changed', user_id: user.id, session_id: call.session.id } as const
  await rest(call, proof, async (mine) => [
    // Only if the old password is still the one that was checked. Of two simultaneous changes, one wins.
    sql`UPDATE users SET hashed_password = ${hash}, password_set_at = ${call.now} WHERE ${mine} RETURNING id`,
    revokeSessions(call, sql`user_id = ${user.id} AND id <> ${call.session.id} AND ${isChanged}`),
    auditRow(call, event, isChanged),
    ...(await undoableMail(call, mails.passwordChanged, changed, 'password_changed')),
    voidOneTime(sql`(SELECT id FROM users WHERE ${changed})`),
  ])
  // Whoever knew the old password may be among the known devices and networks: all are strangers until their next login.
  await settle(passwordReplaced(call, user.email), 'doorkeeper_not_cleared')
}
