import type { DatabaseCall } from '../../core/call.ts'
import { mayLoseAdmin } from '../../core/users/roles.ts'
import { sql } from '../../lib/sql.ts'
import { changeUser } from './change.ts'

/**
 * Prevents a user from signing in, and ends every session. Idempotent.
 * @throws Problem 404 `not_found`, 409 `last_admin`, 503 `unavailable`
 */
export async function disableUser(call: DatabaseCall, id: number): Promise<void> {
  await changeUser(call, id, {
    event: 'user_disabled',
    pending: sql`disabled_at IS NULL`,
    may: mayLoseAdmin,
    endSessions: true,
    to: (chosen) => sql`UPDATE users SET disabled_at = ${call.now} WHERE ${chosen}`,
  })
}
