import { type Config, config } from '../../config.ts'
import { auditRow, type Client } from '../../core/audit.ts'
import { first } from '../../core/d1.ts'
import { holderOf, oneTimeHash, type Purpose, voidOneTime } from '../../core/one-time.ts'
import { mailRow } from '../../core/outbox.ts'
import { Problem } from '../../core/problem.ts'
import { commit, revokeSessions } from '../../core/sessions.ts'
import { forgetAccount } from '../../doorkeeper/ask.ts'
import { settle } from '../../lib/settle.ts'
import { type Sql, sql } from '../../lib/sql.ts'

/**
 * Uses a mailed link: it confirms the address of a new account, or moves an account to the address that the link was sent
 * to. Either way every session ends, and other links are void.
 * @throws Problem 400 `invalid_one_time_token`, 409 `email_taken`, 503 `unavailable`
 */
export async function verify(env: Env, token: string, client: Client, now: number): Promise<void> {
  const hash = await oneTimeHash(token)
  const { purpose, account } = (hash && (await purposeOf(env.DB, hash))) || {}
  if (hash === undefined || account === undefined || (purpose !== 'verify' && purpose !== 'email_change')) {
    throw new Problem('invalid_one_time_token')
  }
  const statements = purpose === 'verify' ? confirmed(hash, client, now) : await moved(config(env), hash, client, now)
  const [, changed] = await commit(env.DB, statements)
  if (changed?.length === 1) {
    // What was counted and remembered for the old address is nobody's now.
    if (purpose === 'email_change') await settle(forgetAccount(env, account), 'doorkeeper_not_cleared')
    return
  }
  // The token is still there: it was good, but somebody has taken the address meanwhile.
  const taken = purpose === 'email_change' && (await first(env.DB, sql`SELECT ${holderOf(purpose, hash, now)} AS id`))
  throw new Problem(taken && (taken as { id: number | null }).id !== null ? 'email_taken' : 'invalid_one_time_token')
}

async function purposeOf(db: D1Database, hash: string): Promise<{ purpose: Purpose; account: string } | undefined> {
  const token = sql`SELECT purpose, users.email AS account FROM one_time_tokens JOIN users ON users.id = user_id
    WHERE hash = ${hash}`
  return (await first<{ purpose: Purpose; account: string }>(db, token)) ?? undefined
}

function confirmed(hash: string, client: Client, now: number): Sql[] {
  const holder = holderOf('verify', hash, now)
  return [
    revokeSessions(sql`user_id = ${holder}`, now),
    sql`UPDATE users SET email_verified = 1 WHERE id = ${holder} RETURNING id`,
    auditRow({ event: 'email_verified', user_id: holder }, client, now, sql`${holder} IS NOT NULL`),
    voidOneTime(holder),
  ]
}

async function moved(config: Config, hash: string, client: Client, now: number): Promise<Sql[]> {
  const holder = holderOf('email_change', hash, now)
  const address = sql`(SELECT email FROM one_time_tokens WHERE hash = ${hash})`
  const taken = sql`EXISTS (SELECT 1 FROM users WHERE canonical_email = ${address} AND id <> ${holder})`
  const mover = sql`(SELECT ${holder} WHERE NOT ${taken})`
  const notice = { kind: 'email_changed', language: client.language, now } as const
  return [
    await mailRow(config, notice, sql`id = ${mover}`), // before the change: it goes to the old address
    sql`UPDATE users SET email = ${address}, email_verified = 1 WHERE id = ${mover} RETURNING id`,
    revokeSessions(sql`user_id = ${mover}`, now),
    auditRow({ event: 'email_changed', user_id: mover }, client, now, sql`${mover} IS NOT NULL`),
    voidOneTime(mover),
  ]
}
