import type { Call } from '../../core/call.ts'
import { batch } from '../../core/d1.ts'
import { auditRow } from '../../core/events/audit.ts'
import { mailRow } from '../../core/mail/outbox.ts'
import { commit } from '../../core/sessions/sessions.ts'
import { holderOf, issueOneTime, LINK_SECONDS, newOneTimeToken, oneTimeHash } from '../../core/users/one-time.ts'
import { REGISTRATION_WAITS_SECONDS } from '../../core/users/registrations.ts'
import { factor, isKept, undoableMail } from '../../core/users/undo.ts'
import { hasEmail } from '../../core/users/users.ts'
import { takeOver } from '../../core/users/verification.ts'
import { admitMail, passwordReplaced } from '../../doorkeeper/rpc.ts'
import { withPaddedTime } from '../../http/padded-time.ts'
import { randomId } from '../../lib/bytes.ts'
import { settle } from '../../lib/settle.ts'
import { type Sql, sql } from '../../lib/sql.ts'
import { claimOf } from '../../signing-in/spent.ts'
import { mails } from './mails.ts'
import type { Profile, ProviderName } from './providers/provider.ts'
import { addIdentity, IDENTITY, isFree, userOf } from './queries.ts'

/*
 * Which account an identity gets when it is first seen. Each change is one batch of its own, before anybody is signed in.
 */

/** An identity with an address that an account can have. */
export type Addressed = { provider: ProviderName; profile: Profile; email: string }

/**
 * Gives an identity to the account of its address. The provider vouches for the address, so whoever has the identity reads
 * the mailbox. An address without an account is registered, if that is open. An account whose address nobody confirmed is
 * taken over, with everything void that was set before. An account whose address was proven here gets the identity and is told.
 * Any other account gets nothing.
 * @throws Problem 503 `unavailable`
 */
export async function adopt(call: Call, { provider, profile, email }: Addressed): Promise<void> {
  const { settings, origin, now } = call
  const id = randomId()
  const unconfirmed = sql`${hasEmail(email)} AND email_verified = 0 AND disabled_at IS NULL`
  const unconfirmed_id = sql`(SELECT id FROM users WHERE ${unconfirmed})`
  const free = isFree(profile, provider)
  const proven = sql`${hasEmail(email)} AND disabled_at IS NULL AND email_verified = 1 AND proven_email = canonical_email
    AND ${free}`
  const fresh = sql`${proven} AND created_at = ${now} AND epoch = 0 AND hashed_password IS NULL
    AND NOT EXISTS (SELECT 1 FROM identities WHERE user_id = users.id)`
  const [proven_id, fresh_id] = [proven, fresh].map((users) => sql`(SELECT id FROM users WHERE ${users})`) as [Sql, Sql]
  const isNew = sql`${settings.REGISTRATION === 'open' ? 1 : 0} AND NOT EXISTS (SELECT 1 FROM users WHERE ${hasEmail(email)})
    AND NOT ${isKept(call, email)} AND ${userOf(profile)} IS NULL`
  const taking = takeOver(call, unconfirmed)
  const notice = await undoableMail(call, mails.added, proven, 'factor_added', factor(IDENTITY, id))
  const results = await commit(call.env.DB, [
    ...notice, // first, so that whoever is new here or takes over gets none
    auditRow(call, { event: 'email_verified', user_id: unconfirmed_id }, sql`${unconfirmed_id} IS NOT NULL`),
    ...taking,
    sql`INSERT INTO users (email, email_verified, proven_email, language, created_at)
      SELECT ${email}, 1, ${email}, ${origin.language}, ${now} WHERE ${isNew} ON CONFLICT DO NOTHING`,
    auditRow(call, { event: 'registered', user_id: fresh_id }, sql`${fresh_id} IS NOT NULL`),
    auditRow(call, { event: 'identity_added', user_id: proven_id }, sql`${proven_id} IS NOT NULL`),
    addIdentity(call, { id, provider, profile }, proven),
  ])
  // Devices and networks of whoever registered the address are strangers now.
  if (results[notice.length + taking.length]?.length === 1)
    await settle(passwordReplaced(call, email), 'doorkeeper_not_cleared')
}

/**
 * Mails a link that confirms the address of an identity, for which nobody vouches. An address without an account gets one
 * that waits for the link. The owner of an account that has not got this identity is told how to connect it. For whoever
 * stands before the browser, it is the same.
 * @throws Problem 503 `unavailable`
 */
export const askToConfirm = (call: Call, addressed: Addressed): Promise<void> =>
  withPaddedTime(mailLink(call, addressed))

async function mailLink(call: Call, { provider, profile, email }: Addressed): Promise<void> {
  const { origin, now } = call
  const failed = { event: 'login_failed', user_id: userOf(profile) } as const
  if (!(await admitMail(call, email))) {
    await batch(call.env.DB, [auditRow(call, { ...failed, reason: 'email_not_verified' })])
    return
  }
  const { token, hash } = await newOneTimeToken()
  const until = now + REGISTRATION_WAITS_SECONDS
  const fresh = sql`canonical_email = ${email} AND email_verified = 0 AND unconfirmed_until = ${until} AND epoch = 0
    AND hashed_password IS NULL AND created_at = ${now} AND ${isFree(profile, provider)}`
  const fresh_id = sql`(SELECT id FROM users WHERE ${fresh})`
  const waiting = sql`id = ${userOf(profile)} AND email_verified = 0 AND disabled_at IS NULL`
  const other = sql`${hasEmail(email)} AND disabled_at IS NULL AND id IS NOT ${userOf(profile)}`
  await batch(call.env.DB, [
    sql`INSERT INTO users (email, email_verified, language, created_at, unconfirmed_until)
      SELECT ${email}, 0, ${origin.language}, ${now}, ${until}
      WHERE NOT EXISTS (SELECT 1 FROM users WHERE ${hasEmail(email)}) AND NOT ${isKept(call, email)}
        AND ${userOf(profile)} IS NULL
      ON CONFLICT DO NOTHING`,
    auditRow(call, { event: 'registered', user_id: fresh_id }, sql`${fresh_id} IS NOT NULL`),
    addIdentity(call, { id: randomId(), provider, profile }, fresh),
    auditRow(call, { ...failed, reason: 'email_not_verified' }),
    issueOneTime(call, 'verify', hash, waiting),
    await mailRow(call, mails.confirm, waiting, { token }),
    await mailRow(call, mails.known, other),
  ])
}

/**
 * Confirms the address of an account for whoever has both an identity of it and the link that was mailed. A link that is
 * void changes nothing.
 * @throws Problem 503 `unavailable`
 */
export async function confirmAddress(
  call: Call,
  { provider, profile }: Pick<Addressed, 'provider' | 'profile'>,
  { user_id, token }: { user_id: number; token: string },
): Promise<void> {
  const hash = await oneTimeHash(token)
  if (hash === undefined) return
  const holds = sql`id = ${user_id} AND email_verified = 0 AND id = ${holderOf(call, 'verify', hash)}`
  const { claim, claimed } = claimOf([{ id: `verify ${hash}`, until: call.now + LINK_SECONDS }], holds)
  const own = sql`id = ${user_id} AND ${claimed}`
  await commit(call.env.DB, [
    claim,
    auditRow(call, { event: 'email_verified', user_id }, claimed),
    ...takeOver(call, own), // removes the identities, too: a trigger cannot know whose link it was
    addIdentity(call, { id: randomId(), provider, profile }, own),
  ])
}
