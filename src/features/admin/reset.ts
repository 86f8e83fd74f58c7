import { config } from '../../config.ts'
import { auditRow, type Client } from '../../core/audit.ts'
import { issueOneTime, newOneTimeToken, voidOneTime } from '../../core/one-time.ts'
import { mailRow, requireLinks } from '../../core/outbox.ts'
import { Problem } from '../../core/problem.ts'
import { commit, revokeSessions } from '../../core/sessions.ts'
import { sql } from '../../lib/sql.ts'

/**
 * Makes a password void that somebody else may know, ends every session and every mailed link, and mails a new one that
 * sets another password. Who is disabled gets no mail: once enabled, they ask for one as whoever forgot a password.
 * @throws Problem 404 `not_found`, 503 `not_ready` without `PUBLIC_URL`, 503 `unavailable`
 */
export async function forceReset(env: Env, id: number, by: Client, now: number): Promise<void> {
  const settings = config(env)
  requireLinks(settings)
  const { token, hash } = await newOneTimeToken()
  const told = sql`id = ${id} AND disabled_at IS NULL`
  const [changed] = await commit(env.DB, [
    sql`UPDATE users SET hashed_password = NULL, password_set_at = ${now} WHERE id = ${id} RETURNING id`,
    revokeSessions(sql`user_id = ${id}`, now),
    auditRow({ event: 'reset_forced', user_id: id }, by, now, sql`EXISTS (SELECT 1 FROM users WHERE id = ${id})`),
    voidOneTime(id),
    issueOneTime('reset', hash, now, told),
    await mailRow(settings, { kind: 'reset_forced', language: by.language, now, token }, told),
  ])
  if (changed?.length !== 1) throw new Problem('not_found')
}
