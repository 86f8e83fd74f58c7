import type { SignedInCall } from '../../core/call.ts'
import { auditRow } from '../../core/events/audit.ts'
import { mailRow } from '../../core/mail/outbox.ts'
import { mayLoseAdmin } from '../../core/users/roles.ts'
import { forgetAccount } from '../../doorkeeper/rpc.ts'
import { settle } from '../../lib/settle.ts'
import { sql } from '../../lib/sql.ts'
import { Problem } from '../../problem.ts'
import { confirmChange } from '../../signing-in/confirm.ts'
import { rest } from '../../signing-in/rest.ts'
import { mails } from './mails.ts'

/**
 * Deletes an account with everything that refers to it. The audit trail keeps the user's number, but not the address.
 * The number is never given to another user.
 * @throws Problem 401 `invalid_credentials`, 401 `invalid_token` when the session has ended, 409 `last_admin`, 503
 * `unavailable`
 */
export async function deleteAccount(call: SignedInCall, shown: object): Promise<void> {
  const proof = await confirmChange(call, shown)
  const { id: user_id, email } = proof.user
  const results = await rest(call, proof, async (mine) => {
    const leaving = sql`${mine} AND ${mayLoseAdmin}`
    const leaves = sql`EXISTS (SELECT 1 FROM users WHERE ${leaving})`
    return [
      sql`SELECT id FROM users WHERE ${mine}`,
      auditRow(call, { event: 'account_deleted', user_id }, leaves),
      await mailRow(call, mails.accountDeleted, leaving),
      // The schema publishes these sessions as revoked when the account is deleted. This isolate must know them at
      // once.
      sql`SELECT id, tokens_until FROM sessions WHERE user_id = ${user_id} AND revoked_at IS NULL AND ${leaves}`,
      sql`DELETE FROM users WHERE ${leaving} RETURNING id`,
    ]
  })
  if (results.at(-1)?.length !== 1) throw new Problem('last_admin')
  await settle(forgetAccount(call, email), 'doorkeeper_not_cleared')
}
