import type { Config } from '../../config.ts'
import { auditRow, type Client } from '../../core/audit.ts'
import { confirmPassword } from '../../core/credentials.ts'
import { mailRow } from '../../core/outbox.ts'
import { Problem } from '../../core/problem.ts'
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
  const { user } = await confirmPassword(db, config, user_id, password, client, now)
  const farewell = { kind: 'account_deleted', language: client.language, now } as const
  // Only with the password that was just checked: if its owner has reset it meanwhile, somebody else asks for this.
  const self = sql`id = ${user_id} AND hashed_password = ${user.hashed_password}`
  const proven = sql`EXISTS (SELECT 1 FROM users WHERE ${self})`
  const results = await commit(db, [
    auditRow({ event: 'account_deleted', user_id }, client, now, proven),
    await mailRow(config, farewell, self),
    revokeSessions(sql`user_id = ${user_id} AND ${proven}`, now),
    sql`DELETE FROM users WHERE ${self} RETURNING id`,
  ])
  if (results.at(-1)?.length !== 1) throw new Problem('invalid_credentials')
}
