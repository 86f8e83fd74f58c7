import type { SignedInCall } from '../../core/call.ts'
import { auditRow } from '../../core/events/audit.ts'
import { isPasswordFresh } from '../../core/sessions/session.ts'
import { revokeSessions } from '../../core/sessions/sessions.ts'
import { voidOneTime } from '../../core/users/one-time.ts'
import { methodsOn } from '../../core/users/second-factor.ts'
import { undoableMail } from '../../core/users/undo.ts'
import { hasAnotherWayIn, PASSWORD } from '../../core/users/ways.ts'
import { passwordReplaced } from '../../doorkeeper/rpc.ts'
import { tooOld } from '../../http/guard.ts'
import { settle } from '../../lib/settle.ts'
import { sql } from '../../lib/sql.ts'
import { Problem } from '../../problem.ts'
import { proofOfSession } from '../../signing-in/confirm.ts'
import { rest } from '../../signing-in/rest.ts'
import { mails } from './mails.ts'

/**
 * Removes the password of an account that has another way to sign in. Like a new password, it ends the user's other
 * sessions and voids mailed links. Does nothing for an account without a password. The session must be one that may
 * change factors, and the password must have been entered in it within the last ten minutes.
 * @throws Problem 401 `fresh_login_required`, 409 `last_way_in`, 401 `invalid_token` when the session has ended, 503 `unavailable`
 */
export async function removePassword(call: SignedInCall): Promise<void> {
  const proof = await proofOfSession(call)
  const { user } = proof
  if (user.has[PASSWORD] === 0) return
  if (!isPasswordFresh(call.session, call.now)) throw tooOld(call.session)
  const event = { event: 'password_removed', user_id: user.id, session_id: call.session.id } as const
  const results = await rest(call, proof, async (mine) => {
    const removing = sql`${mine} AND hashed_password IS NOT NULL AND ${hasAnotherWayIn(methodsOn(call), sql`1`)}`
    const may = sql`EXISTS (SELECT 1 FROM users WHERE ${removing})`
    return [
      sql`SELECT id FROM users WHERE ${mine}`,
      revokeSessions(call, sql`user_id = ${user.id} AND id <> ${call.session.id} AND ${may}`),
      auditRow(call, event, may),
      ...(await undoableMail(call, mails.passwordRemoved, removing, 'password_removed')),
      voidOneTime(sql`(SELECT id FROM users WHERE ${removing})`),
      // Last, because it raises the epoch. The time stays set, so that nobody is invited to an account in use.
      sql`UPDATE users SET hashed_password = NULL, password_set_at = ${call.now} WHERE ${removing} RETURNING id`,
    ]
  })
  if (results.at(-1)?.length !== 1) throw new Problem('last_way_in')
  // Whoever knew the password may be among the known devices and networks.
  await settle(passwordReplaced(call, user.email), 'doorkeeper_not_cleared')
}
