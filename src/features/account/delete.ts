import { config } from '../../config.ts'
import { mayLoseAdmin } from '../../core/administration.ts'
import { auditRow, type Client } from '../../core/audit.ts'
import { mailRow } from '../../core/outbox.ts'
import { Problem } from '../../core/problem.ts'
import { commit, revokeSessions, type Session } from '../../core/sessions.ts'
import { confirmPassword, forgetAccount } from '../../doorkeeper/ask.ts'
import { settle } from '../../lib/settle.ts'
import { sql } from '../../lib/sql.ts'

/**
 * Deletes an account with everything that refers to it. The audit trail keeps the number, not the address; the number is
 * never given to anybody else.
 * @throws Problem 401 `invalid_credentials`, 409 `last_admin`, 503 `unavailable`
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
  // Only with the password that was just checked: if its owner has reset it meanwhile, somebody else asks for this.
  const self = sql`id = ${user_id} AND hashed_password = ${user.hashed_password}`
  const leaving = sql`${self} AND ${mayLoseAdmin}`
  const leaves = sql`EXISTS (SELECT 1 FROM users WHERE ${leaving})`
  const results = await commit(env.DB, [
    sql`SELECT id FROM users WHERE ${self}`,
    auditRow({ event: 'account_deleted', user_id }, client, now, leaves),
    await mailRow(config(env), farewell, leaving),
    revokeSessions(sql`user_id = ${user_id} AND ${leaves}`, now),
    sql`DELETE FROM users WHERE ${leaving} RETURNING id`,
  ])
  if (results[0]?.length !== 1) throw new Problem('invalid_credentials')
  if (results.at(-1)?.length !== 1) throw new Problem('last_admin')
  await settle(forgetAccount(env, user.email), 'doorkeeper_not_cleared')
}
