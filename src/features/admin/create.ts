import { config } from '../../config.ts'
import { roleList } from '../../core/administration.ts'
import { auditRow, type Client } from '../../core/audit.ts'
import { refuseCommon } from '../../core/credentials.ts'
import { batch } from '../../core/d1.ts'
import { issueOneTime, newOneTimeToken } from '../../core/one-time.ts'
import { mailRow, requireLinks } from '../../core/outbox.ts'
import { Problem } from '../../core/problem.ts'
import { hashFor } from '../../doorkeeper/ask.ts'
import { randomId } from '../../lib/bytes.ts'
import { sql } from '../../lib/sql.ts'
import { LISTED, type ListedUser, type ListedRow, listed } from './queries.ts'

type NewUser = { email: string; password?: string | undefined; roles: string[]; email_verified: boolean }

/**
 * Makes an account for somebody. Without a password, a mailed link sets one; with one, a mailed link confirms the address,
 * unless the admin vouches for it. These mails do not count against those of the day, which strangers can use up.
 * @throws Problem 409 `email_taken`, 422 `invalid_body`, 503 `not_ready` without `PUBLIC_URL`, 503 `unavailable`
 */
export async function createUser(
  env: Env,
  { email, password, roles, email_verified }: NewUser,
  by: Client,
  now: number,
): Promise<ListedUser> {
  const settings = config(env)
  const needsLink = password === undefined || !email_verified
  if (needsLink) requireLinks(settings)
  if (password !== undefined) await refuseCommon(password, email, settings)
  const hash = password === undefined ? null : await hashFor(env, email, password)
  // Of this request alone, as a hash is by its salt: so the batch knows its own row from one that was there already.
  const mark = hash ?? randomId()
  const created = sql`canonical_email = ${email} AND hashed_password = ${mark}`
  const user_id = sql`(SELECT id FROM users WHERE ${created})`
  const { token, hash: link } = await newOneTimeToken()
  const mail = { kind: hash === null ? 'account_created' : 'verify', language: by.language, now, token } as const
  const [rows] = await batch<ListedRow>(env.DB, [
    sql`INSERT INTO users (email, hashed_password, password_set_at, email_verified, roles, created_at)
      VALUES (${email}, ${mark}, ${hash && now}, ${Number(email_verified)}, ${roleList(roles)}, ${now})
      ON CONFLICT DO NOTHING RETURNING ${LISTED}`,
    auditRow({ event: 'user_created', user_id }, by, now, sql`${user_id} IS NOT NULL`),
    ...(needsLink
      ? [issueOneTime(hash === null ? 'reset' : 'verify', link, now, created), await mailRow(settings, mail, created)]
      : []),
    sql`UPDATE users SET hashed_password = ${hash} WHERE ${created}`,
  ])
  if (!rows?.[0]) throw new Problem('email_taken')
  return listed(rows[0])
}
