import { auditRow } from '../../core/events/audit.ts'
import { commit, endAll, isUnrevoked } from '../../core/sessions/sessions.ts'
import { sql } from '../../lib/sql.ts'
import { type Acting, reach, reached, requireReached } from './reach.ts'

/**
 * Ends every session of a user, and voids logins under way and mailed links. A user without a session is not an error.
 * An audit row is written only if something ends.
 * @throws Problem 404 `not_found`, 403 `insufficient_role`, 503 `unavailable`
 */
export async function endSessionsOf(call: Acting, id: number): Promise<void> {
  const may = sql`EXISTS (SELECT 1 FROM users WHERE id = ${id} AND ${reach(call)})`
  const link = sql`EXISTS (SELECT 1 FROM one_time_tokens WHERE user_id = ${id})`
  const invitation = sql`EXISTS (SELECT 1 FROM invitations WHERE user_id = ${id})`
  const ends = sql`${may} AND (${isUnrevoked(sql`user_id = ${id}`)} OR ${link} OR ${invitation})`
  const [found] = await commit(call.env.DB, [
    reached(call, id),
    auditRow(call, { event: 'sessions_revoked', user_id: id }, ends),
    ...endAll(call, id, may),
  ])
  requireReached(found)
}
