import type { SignedInCall } from '../../core/call.ts'
import { auditRow } from '../../core/events/audit.ts'
import { Problem } from '../../problem.ts'
import { LEGACY_SESSION } from '../../core/sessions/session.ts'
import { commit, endAll, endRecorded } from '../../core/sessions/sessions.ts'
import { raiseEpoch, unchangedSinceImport } from '../../core/users/users.ts'
import { sql } from '../../lib/sql.ts'

/**
 * Ends the caller's own session. Idempotent. A token of the old application has no session, so all of the user's tokens
 * of that kind are voided.
 * @throws Problem `unavailable`
 */
export async function endSession(call: SignedInCall): Promise<void> {
  const { id: session_id, user_id } = call.session
  if (session_id === LEGACY_SESSION) {
    const imported = unchangedSinceImport(user_id)
    const stands = sql`EXISTS (SELECT 1 FROM users WHERE ${imported})`
    await commit(call.env.DB, [
      auditRow(call, { event: 'logged_out', user_id, session_id }, stands),
      raiseEpoch(imported),
    ])
    return
  }
  const own = sql`id = ${session_id} AND user_id = ${user_id}`
  await commit(call.env.DB, endRecorded(call, { event: 'logged_out', user_id, session_id }, own))
}

/**
 * Ends every session of the account, including this one, and voids logins under way and mailed links.
 * @throws Problem `unavailable`
 */
export async function endAllSessions(call: SignedInCall): Promise<void> {
  const { id: session_id, user_id } = call.session
  const audit = auditRow(call, { event: 'logged_out_everywhere', user_id, session_id })
  await commit(call.env.DB, [audit, ...endAll(call, user_id)])
}

/**
 * Ends every other session of the account, and voids logins under way and mailed links.
 * @throws Problem `unavailable`
 */
export async function endOtherSessions(call: SignedInCall): Promise<void> {
  const { id: session_id, user_id } = call.session
  const others = sql`user_id = ${user_id} AND id <> ${session_id}`
  const ends = endRecorded(call, { event: 'sessions_revoked', user_id, session_id }, others)
  await commit(call.env.DB, [...ends, raiseEpoch(sql`id = ${user_id}`)])
}

/**
 * Ends one session of the same account.
 * @throws Problem 404 `not_found` if it does not exist, has ended, or belongs to another user; 503 `unavailable`
 */
export async function endOtherSession(call: SignedInCall, session_id: string): Promise<void> {
  const { user_id } = call.session
  const chosen = sql`id = ${session_id} AND user_id = ${user_id} AND expires_at > ${call.now}`
  const [, ended] = await commit(
    call.env.DB,
    endRecorded(call, { event: 'session_revoked', user_id, session_id }, chosen),
  )
  if (ended?.length === 0) throw new Problem('not_found')
}
