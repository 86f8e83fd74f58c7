import type { Call, DatabaseCall } from '../../core/call.ts'
import { mayLoseAdmin } from '../../core/users/roles.ts'
import { forgetAccount } from '../../doorkeeper/rpc.ts'
import { settle } from '../../lib/settle.ts'
import { sql } from '../../lib/sql.ts'
import { changeUser } from './change.ts'

/**
 * Deletes a user's account, then the state of its doorkeeper. If the second step fails, that is only logged, because
 * the account is already gone.
 * @throws Problem 404 `not_found`, 409 `last_admin`, 503 `unavailable`
 */
export async function deleteUser(call: Call, id: number): Promise<void> {
  const email = await deleteUserRow(call, id)
  await settle(forgetAccount(call, email), 'doorkeeper_not_cleared')
}

/**
 * Deletes an account with everything in the database that refers to it. The audit trail keeps its number, which is
 * never reused. Returns the former address, for which a doorkeeper may still hold state.
 * @throws Problem 404 `not_found`, 409 `last_admin`, 503 `unavailable`
 */
export const deleteUserRow = (call: DatabaseCall, id: number): Promise<string> =>
  changeUser(call, id, {
    event: 'account_deleted',
    pending: sql`TRUE`,
    may: mayLoseAdmin,
    endSessions: true,
    to: (chosen) => sql`DELETE FROM users WHERE ${chosen}`,
  })
