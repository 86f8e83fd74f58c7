import { config } from '../../config.ts'
import { auditRow, type Client } from '../../core/audit.ts'
import type { Credentials } from '../../core/credentials.ts'
import { batch } from '../../core/d1.ts'
import { issueOneTime, newOneTimeToken } from '../../core/one-time.ts'
import { mailRow, requireLinks } from '../../core/outbox.ts'
import { Problem } from '../../core/problem.ts'
import type { Session } from '../../core/sessions.ts'
import { admitMail, confirmPassword } from '../../doorkeeper/ask.ts'
import { sql } from '../../lib/sql.ts'

/**
 * Mails a link to a new address; nothing changes until it is opened. The old address is told. Where the new one belongs to another
 * account, its owner is told instead, and the answer is the same.
 * @throws Problem 401 `invalid_credentials`, 503 `unavailable`
 */
export async function requestEmailChange(
  env: Env,
  session: Session,
  { email, password }: Credentials,
  client: Client,
  now: number,
): Promise<void> {
  const settings = config(env)
  requireLinks(settings)
  const { user } = await confirmPassword(env, session, password, client, now)
  const admitted = (await admitMail(env, email)) ? sql`TRUE` : sql`FALSE` // no link, no change, the same answer
  const { token, hash } = await newOneTimeToken()
  // The password that was just checked: one that was reset meanwhile must leave no change behind (pre-hijacking again).
  const self = sql`id = ${user.id} AND hashed_password = ${user.hashed_password}`
  const proven = sql`EXISTS (SELECT 1 FROM users WHERE ${self})`
  const owner = sql`canonical_email = ${email} AND id <> ${user.id} AND ${proven}`
  const told = sql`${owner} AND ${admitted}`
  const free = sql`${self} AND ${admitted} AND NOT EXISTS (SELECT 1 FROM users WHERE ${owner})`
  const mail = { language: client.language, now }
  const event = { event: 'email_change_requested', user_id: user.id, session_id: session.id } as const
  const [standing] = await batch(env.DB, [
    sql`SELECT id FROM users WHERE ${self}`,
    issueOneTime('email_change', hash, now, free, sql`${email}`),
    await mailRow(settings, { ...mail, kind: 'email_change', token }, free, sql`${email}`),
    await mailRow(settings, { ...mail, kind: 'email_taken' }, told),
    await mailRow(settings, { ...mail, kind: 'email_change_requested' }, self),
    auditRow(event, client, now, proven),
  ])
  if (standing?.length !== 1) throw new Problem('invalid_credentials')
}
