import { config } from '../../config.ts'
import { auditRow, type Client } from '../../core/audit.ts'
import { mailRow } from '../../core/outbox.ts'
import { commit, revokeSessions, type Session } from '../../core/sessions.ts'
import { confirmPassword, forgetAccount } from '../../doorkeeper/ask.ts'
import { settle } from '../../lib/settle.ts'
import { sql } from '../../lib/sql.ts'

/**
 * Deletes an account with everything that refers to it. The audit trail keeps the number, not the address; the number is
 * never given to anybody else.
 * @throws Problem 401 `invalid_credentials`, 503 `unavailable`
 */
export async function deleteAccount(
  env: Env,
  session: Session,
  password: string,
  client: Client,
  now: number,
): Promise<void> {
  const { user } = await confirmPassword(env, session, password, client, now)
  const user_id = user.id
  const farewell = { kind: 'account_deleted', language: client.language, now } as const
  await commit(env.DB, [
    auditRow({ event: 'account_deleted', user_id }, client, now),
    await mailRow(config(env), farewell, sql`id = ${user_id}`),
    revokeSessions(sql`user_id = ${user_id}`, now),
    sql`DELETE FROM users WHERE id = ${user_id}`,
  ])
  await settle(forgetAccount(env, user.email), 'doorkeeper_not_cleared')
}
