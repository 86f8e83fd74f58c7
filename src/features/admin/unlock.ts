import { auditRow, type Client } from '../../core/audit.ts'
import { batch } from '../../core/d1.ts'
import { Problem } from '../../core/problem.ts'
import { findUser } from '../../core/users.ts'
import { unlock } from '../../doorkeeper/ask.ts'
import { sql } from '../../lib/sql.ts'

/**
 * Opens what failures have closed on an account. The record comes last: where it is lost the answer is 503, and asking
 * again writes it. @throws Problem 404 `not_found`, 503 `unavailable`
 */
export async function unlockUser(env: Env, id: number, by: Client, now: number): Promise<void> {
  const user = await findUser(env.DB, sql`id = ${id}`)
  if (!user) throw new Problem('not_found')
  await unlock(env, user.email)
  await batch(env.DB, [auditRow({ event: 'account_unlocked', user_id: id }, by, now)])
}
