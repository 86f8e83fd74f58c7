import { config } from '../../config.ts'
import { auditRow, type Client } from '../../core/audit.ts'
import { refuseCommon } from '../../core/credentials.ts'
import { first } from '../../core/d1.ts'
import { holderOf, oneTimeHash, voidOneTime } from '../../core/one-time.ts'
import { mailRow } from '../../core/outbox.ts'
import { Problem } from '../../core/problem.ts'
import { commit, revokeSessions } from '../../core/sessions.ts'
import { hashFor, unlock } from '../../doorkeeper/ask.ts'
import { settle } from '../../lib/settle.ts'
import { sql } from '../../lib/sql.ts'

/**
 * Sets a password for whoever holds a mailed token. It proves the mailbox, so the address counts as confirmed; all that was made
 * before (sessions, other links, a pending change of address) is void, because somebody else may have made it. It signs nobody in.
 * @throws Problem 400 `invalid_one_time_token`, 422 `invalid_body`, 503 `unavailable`
 */
export async function resetPassword(
  env: Env,
  { token, password }: { token: string; password: string },
  client: Client,
  now: number,
): Promise<void> {
  const settings = config(env)
  const hash = await oneTimeHash(token)
  if (hash === undefined) throw new Problem('invalid_one_time_token')
  const holder = holderOf('reset', hash, now)
  const user = await first<{ email: string }>(env.DB, sql`SELECT email FROM users WHERE id = ${holder}`)
  if (!user) throw new Problem('invalid_one_time_token') // before the cost of a hash; the batch below decides
  await refuseCommon(password, user.email, settings)
  const hashed_password = await hashFor(env, user.email, password)
  const held = sql`id = ${holder}`
  const [changed] = await commit(env.DB, [
    sql`UPDATE users SET hashed_password = ${hashed_password}, password_set_at = ${now}, email_verified = 1
      WHERE ${held} RETURNING id`,
    revokeSessions(sql`user_id = ${holder}`, now),
    auditRow({ event: 'password_reset', user_id: holder }, client, now, sql`${holder} IS NOT NULL`),
    await mailRow(settings, { kind: 'password_changed', language: client.language, now }, held),
    voidOneTime(holder),
  ])
  if (changed?.length !== 1) throw new Problem('invalid_one_time_token')
  await settle(unlock(env, user.email), 'doorkeeper_not_opened')
}
