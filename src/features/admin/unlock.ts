import type { Call } from '../../core/call.ts'
import { batch } from '../../core/d1.ts'
import { auditRow } from '../../core/events/audit.ts'
import { findUser } from '../../core/users/users.ts'
import { unlock } from '../../doorkeeper/rpc.ts'
import { sql } from '../../lib/sql.ts'
import { Problem } from '../../problem.ts'

/**
 * Unlocks an account that failed attempts have blocked. The audit row is written last: if it fails, the response is
 * 503, and a retry writes it.
 * @throws Problem 404 `not_found`, 503 `unavailable`
 */
export async function unlockUser(call: Call, id: number): Promise<void> {
  const user = await findUser(call.env.DB, sql`id = ${id}`)
  if (!user) throw new Problem('not_found')
  await unlock(call, user.email)
  await batch(call.env.DB, [auditRow(call, { event: 'account_unlocked', user_id: id })])
}
