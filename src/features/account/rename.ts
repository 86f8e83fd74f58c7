import type { SignedInCall } from '../../core/call.ts'
import { batch } from '../../core/d1.ts'
import { auditRow } from '../../core/events/audit.ts'
import { stillLive } from '../../core/sessions/sessions.ts'
import { sql } from '../../lib/sql.ts'
import { Problem } from '../../problem.ts'

/**
 * Sets the name that the signed-in user goes by, or removes it.
 * @throws Problem 401 `invalid_token` if the session has ended, 503 `unavailable`
 */
export async function rename(call: SignedInCall, { name }: { name: string | null }): Promise<void> {
  const { user_id, id: session_id } = call.session
  const live = sql`EXISTS (${stillLive(call)})`
  const other = sql`id = ${user_id} AND name IS NOT ${name} AND ${live}`
  const [found] = await batch(call.env.DB, [
    stillLive(call),
    auditRow(
      call,
      { event: 'user_name_changed', user_id, session_id },
      sql`EXISTS (SELECT 1 FROM users WHERE ${other})`,
    ),
    sql`UPDATE users SET name = ${name} WHERE ${other}`,
  ])
  if (found?.length !== 1) throw new Problem('invalid_token')
}
