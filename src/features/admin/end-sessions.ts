import type { DatabaseCall } from '../../core/call.ts'
import { auditRow } from '../../core/events/audit.ts'
import { commit, endAll, isUnrevoked } from '../../core/sessions/sessions.ts'
import { sql } from '../../lib/sql.ts'
import { Problem } from '../../problem.ts'

/**
 * Ends every session of a user, and voids logins under way and mailed links. A user without a session is not an error.
 * An audit row is written only if something ends.
 * @throws Problem 404 `not_found`, 503 `unavailable`
 */
export async function endSessionsOf(call: DatabaseCall, id: number): Promise<void> {
  const link = sql`EXISTS (SELECT 1 FROM one_time_tokens WHERE user_id = ${id})`
  const invitation = sql`EXISTS (SELECT 1 FROM invitations WHERE user_id = ${id})`
  const ends = sql`(${isUnrevoked(sql`user_id = ${id}`)} OR ${link} OR ${invitation})`
  const [found] = await commit(call.env.DB, [
    sql`SELECT id FROM users WHERE id = ${id}`,
    auditRow(call, { event: 'sessions_revoked', user_id: id }, ends),
    ...endAll(call, id),
  ])
  if (found?.length !== 1) throw new Problem('not_found')
}
