import type { DatabaseCall } from '../../core/call.ts'
import { type AuditEvent, auditRow } from '../../core/events/audit.ts'
import { commit, revokeSessions } from '../../core/sessions/sessions.ts'
import { type Sql, sql } from '../../lib/sql.ts'
import { Problem, type ProblemCode } from '../../problem.ts'

type Change = {
  event: AuditEvent['event']
  /** The condition that the change is still to be made. */
  pending: Sql
  /** The condition that it is allowed. */
  may?: Sql
  /** The code of the refusal. Default: `last_admin`. */
  refusal?: ProblemCode
  endSessions?: boolean
  /** The statement that makes the change. */
  to: (chosen: Sql) => Sql
}

/**
 * Changes a user in one batch, with the audit row, and returns the user's address. The same batch reads why nothing
 * changed, because a later query could give a different answer. It is not an error if the change was already made.
 * @throws Problem 404 `not_found`, 409 `last_admin` or `refusal`, 503 `unavailable`
 */
export async function changeUser(
  call: DatabaseCall,
  id: number,
  { event, pending, may = sql`TRUE`, refusal = 'last_admin', endSessions = false, to }: Change,
): Promise<string> {
  const chosen = sql`id = ${id} AND ${pending} AND ${may}`
  const allowed = sql`EXISTS (SELECT 1 FROM users WHERE ${chosen})`
  const [found] = await commit(call.env.DB, [
    sql`SELECT id, email, ${pending} AND NOT ${may} AS refused FROM users WHERE id = ${id}`,
    auditRow(call, { event, user_id: id }, allowed),
    ...(endSessions ? [revokeSessions(call, sql`user_id = ${id} AND ${allowed}`)] : []),
    to(chosen),
  ])
  const [user] = found as unknown as { email: string; refused: number }[]
  if (!user) throw new Problem('not_found')
  if (user.refused) throw new Problem(refusal)
  return user.email
}
