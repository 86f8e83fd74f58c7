import type { Call, DatabaseCall } from '../../core/call.ts'
import { batch } from '../../core/d1.ts'
import { auditRow } from '../../core/events/audit.ts'
import { mailRow, requireLinks } from '../../core/mail/outbox.ts'
import { refuseCommon } from '../../core/passwords/credentials.ts'
import { INVITATION_SECONDS } from '../../core/users/invitations.ts'
import { issueOneTime, newOneTimeToken } from '../../core/users/one-time.ts'
import { giveWay } from '../../core/users/registrations.ts'
import { roleList } from '../../core/users/roles.ts'
import { isKept } from '../../core/users/undo.ts'
import { hashFor } from '../../doorkeeper/rpc.ts'
import { randomId } from '../../lib/bytes.ts'
import type { Language } from '../../lib/language.ts'
import { type Sql, sql } from '../../lib/sql.ts'
import { Problem } from '../../problem.ts'
import { LISTED, type ListedRow, type ListedUser, listed } from './user-queries.ts'
import { mails as verification } from '../../core/users/mails.ts'
import { invitationTo } from './invite.ts'

/** `language`: of the mails, until the user chooses another. Without it, the language of whoever makes the account. */
type Account = { email: string; roles: string[]; email_verified: boolean; language?: Language | undefined }

/**
 * Creates an account for another person, replacing an unconfirmed registration of the address. Without a password, the
 * person is invited: a mailed link sets one. With a password, a mailed link confirms the address, unless the admin vouches for it. These
 * mails do not count toward the daily limit, because strangers can use that up.
 * @throws Problem 409 `email_taken`, 422 `invalid_body`, 503 `not_ready` without `PUBLIC_URL`, 503 `unavailable`
 */
export async function createUser(
  call: Call,
  { password, ...account }: Account & { password?: string | undefined },
): Promise<ListedUser> {
  const { email, email_verified } = account
  const needsLink = password === undefined || !email_verified
  if (needsLink) requireLinks(call.settings)
  if (password !== undefined) await refuseCommon(password, email, call.settings)
  const hash = password === undefined ? null : await hashFor(call, { email, password })
  const user = await createUserRow(call, { ...account, hash }, (created) =>
    needsLink ? linkFor(call, hash, created) : [],
  )
  return { ...user, invited_until: hash === null ? call.now + INVITATION_SECONDS : null }
}

async function linkFor(call: Call, password: string | null, created: Sql): Promise<Sql[]> {
  if (password === null) return invitationTo(call, created)
  const { token, hash } = await newOneTimeToken()
  return [issueOneTime(call, 'verify', hash, created), await mailRow(call, verification.verify, created, { token })]
}

/**
 * Inserts the row of an account whose password, if any, is already hashed, replacing an unconfirmed registration.
 * `alongside` returns statements for the new user; they take effect only if this call created it.
 * @throws Problem 409 `email_taken`, 503 `unavailable`
 */
export async function createUserRow(
  call: DatabaseCall,
  { email, hash, roles, email_verified, language }: Account & { hash: string | null },
  alongside: (created: Sql) => Sql[] | Promise<Sql[]> = () => [],
): Promise<ListedUser> {
  // Unique to this call, as a hash is by its salt, so that the batch can tell its own row from an existing one.
  const mark = hash ?? randomId()
  const created = sql`canonical_email = ${email} AND hashed_password = ${mark}`
  const user_id = sql`(SELECT id FROM users WHERE ${created})`
  const [, , rows] = await batch<ListedRow>(call.env.DB, [
    ...giveWay(call, email),
    sql`INSERT INTO users (email, hashed_password, password_set_at, email_verified, roles, language, created_at)
      SELECT ${email}, ${mark}, ${hash && call.now}, ${Number(email_verified)}, ${roleList(roles)}, ${language ?? null},
        ${call.now}
      WHERE NOT ${isKept(call, email)} ON CONFLICT DO NOTHING RETURNING ${LISTED}`,
    auditRow(call, { event: 'user_created', user_id }, sql`${user_id} IS NOT NULL`),
    ...(await alongside(created)),
    // Removes the mark. This counts as a hash upgrade and not as a new password, so the link stays valid.
    ...(hash === null
      ? [sql`UPDATE users SET hashed_password = NULL, hash_upgrades = hash_upgrades + 1 WHERE ${created}`]
      : []),
  ])
  if (!rows?.[0]) throw new Problem('email_taken')
  return listed(rows[0])
}
