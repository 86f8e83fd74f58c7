import type { DatabaseCall } from '../../core/call.ts'
import { sql } from '../../lib/sql.ts'
import { changeUser } from './change.ts'

/** Lets a user sign in again. Idempotent. @throws Problem 404 `not_found`, 503 `unavailable` */
export async function enableUser(call: DatabaseCall, id: number): Promise<void> {
  await changeUser(call, id, {
    event: 'user_enabled',
    pending: sql`disabled_at IS NOT NULL`,
    to: (chosen) => sql`UPDATE users SET disabled_at = NULL WHERE ${chosen}`,
  })
}
