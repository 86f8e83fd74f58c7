import { deleteUser } from '../../core/administration.ts'
import type { Client } from '../../core/audit.ts'
import { forgetAccount } from '../../doorkeeper/ask.ts'
import { settle } from '../../lib/settle.ts'

/**
 * Deletes somebody's account, and then what its doorkeeper remembers: where that fails, it is logged, because the account
 * is gone already. @throws Problem 404 `not_found`, 409 `last_admin`, 503 `unavailable`
 */
export async function removeUser(env: Env, id: number, by: Client, now: number): Promise<void> {
  const email = await deleteUser(env.DB, id, by, now)
  await settle(forgetAccount(env, email), 'doorkeeper_not_cleared')
}
