import type { Config } from '../../config.ts'
import { auditRow, type Client } from '../../core/audit.ts'
import { confirmPassword } from '../../core/credentials.ts'
import { mailRow } from '../../core/outbox.ts'
import { commit, revokeSessions } from '../../core/sessions.ts'
import { sql } from '../../lib/sql.ts'

/**
 * Deletes an account with everything that refers to it. The audit trail keeps the number, not the address; the number is
 * never given to anybody else.
 * @throws Problem 401 `invalid_credentials`, 503 `unavailable`
 */
export async function deleteAccount(
  db: D1Database,
  config: Config,
  user_id: number,
  password: string,
  client: Client,
  now: number,
): Promise<void> {
  await confirmPassword(db, config, user_id, password, client, now)
  const farewell = { kind: 'account_deleted', language: client.language, now } as const
  await commit(db, [
    auditRow({ event: 'account_deleted', user_id }, client, now),
    await mailRow(config, farewell, sql`id = ${user_id}`),
    revokeSessions(sql`user_id = ${user_id}`, now),
    sql`DELETE FROM users WHERE id = ${user_id}`,
  ])
}
