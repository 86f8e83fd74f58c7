import { config } from '../../config.ts'
import { auditRow, type Client } from '../../core/audit.ts'
import { type Credentials, refuseCommon } from '../../core/credentials.ts'
import { batch } from '../../core/d1.ts'
import { issueOneTime, newOneTimeToken } from '../../core/one-time.ts'
import { mailRow, requireLinks } from '../../core/outbox.ts'
import { Problem } from '../../core/problem.ts'
import { admitMail, hashFor } from '../../doorkeeper/ask.ts'
import { sql } from '../../lib/sql.ts'

/**
 * Registers an address, or tells its owner that somebody tried: the same work and the same answer in every case.
 *
 * A new address gets a link that confirms it. An address that was registered before and never confirmed may be the work
 * of somebody who does not own it, so a second registration makes both passwords void: only a link to its mailbox sets one
 * (Sudhodanan and Paverd 2022, "pre-hijacking"). An address that has a confirmed account gets a notice.
 * @throws Problem 403 `registration_closed`, 422 `invalid_body`, 503 `unavailable`
 */
export async function register(env: Env, { email, password }: Credentials, client: Client, now: number): Promise<void> {
  const settings = config(env)
  if (settings.REGISTRATION === 'closed') throw new Problem('registration_closed')
  requireLinks(settings)
  await refuseCommon(password, email, settings)
  const hash = await hashFor(env, email, password, client)
  if (!(await admitMail(env, email))) {
    // Without a mail nothing may change: a registration that voids another must bring the way out.
    await batch(env.DB, [auditRow({ event: 'registered', reason: 'mail_limit' }, client, now)])
    return
  }
  const [verify, reset] = [await newOneTimeToken(), await newOneTimeToken()]

  const address = sql`canonical_email = ${email}`
  const fresh = sql`${address} AND hashed_password IS ${hash}` // its salt is of this request alone
  const unconfirmed = sql`${address} AND email_verified = 0 AND hashed_password IS NOT ${hash}`
  const waiting = sql`${unconfirmed} AND disabled_at IS NULL`
  const confirmed = sql`${address} AND email_verified = 1`
  const mail = { language: client.language, now }
  const user_id = sql`(SELECT id FROM users WHERE ${address})`
  await batch(env.DB, [
    sql`INSERT INTO users (email, hashed_password, password_set_at, email_verified, language, created_at)
      VALUES (${email}, ${hash}, ${now}, 0, ${client.language}, ${now}) ON CONFLICT DO NOTHING`,
    sql`UPDATE users SET hashed_password = NULL, password_set_at = NULL WHERE ${unconfirmed}`,
    sql`DELETE FROM one_time_tokens WHERE user_id = (SELECT id FROM users WHERE ${unconfirmed})`,
    issueOneTime('verify', verify.hash, now, fresh),
    issueOneTime('reset', reset.hash, now, waiting),
    await mailRow(settings, { ...mail, kind: 'verify', token: verify.token }, fresh),
    await mailRow(settings, { ...mail, kind: 'finish_registration', token: reset.token }, waiting),
    await mailRow(settings, { ...mail, kind: 'already_registered' }, confirmed),
    auditRow({ event: 'registered', user_id }, client, now, sql`EXISTS (SELECT 1 FROM users WHERE ${fresh})`),
    auditRow(
      { event: 'registered', reason: 'known_email', user_id },
      client,
      now,
      sql`NOT EXISTS (SELECT 1 FROM users WHERE ${fresh})`,
    ),
  ])
}
