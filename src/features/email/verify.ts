import type { Call } from '../../core/call.ts'
import { auditRow } from '../../core/events/audit.ts'
import { first } from '../../core/d1.ts'
import type { Session } from '../../core/sessions/session.ts'
import { dropVoid, holderOf, isOfEpoch, oneTimeHash } from '../../core/users/one-time.ts'
import { mailRow } from '../../core/mail/outbox.ts'
import { Problem } from '../../problem.ts'
import { commit, revokeSessions } from '../../core/sessions/sessions.ts'
import { giveWay, isUnconfirmedRegistration } from '../../core/users/registrations.ts'
import { isKept, undoableMail } from '../../core/users/undo.ts'
import { proven } from '../../core/users/verification.ts'
import { forgetAccount } from '../../doorkeeper/rpc.ts'
import { confirmByLink } from '../../signing-in/confirm.ts'
import { settle } from '../../lib/settle.ts'
import { type Sql, sql } from '../../lib/sql.ts'
import { mails } from './mails.ts'
import { moverOf } from './purpose.ts'

/**
 * Uses a mailed link to confirm the address of a new account, or to move an account to the address that the link was
 * sent to. In both cases every session ends and other links become void.
 *
 * The link proves access to the mailbox, but not that the account belongs to the reader. Someone else may have
 * registered the address and wait for the reader to press the button, or the account's owner may have mistyped the new
 * address. So the password is required too. Without it, an account does not move. If it has none, it must be signed in
 * where the link is used: `signedIn` returns the session. A registration is confirmed even
 * without it, but its password is voided: whoever set the password loses the account to the owner of the mailbox, who
 * sets another one by a mailed link.
 * @throws Problem 400 `invalid_one_time_token`, 401 `invalid_credentials` or `login_required`, 409 `email_taken`, 422 `invalid_body` for a
 * change of address without the password, 429, 503 `unavailable`
 */
export async function verify(
  call: Call,
  { token, password }: { token: string; password?: string | undefined },
  signedIn: () => Promise<Session | undefined>,
): Promise<void> {
  const { hash, purpose, user_id, account, has_password } = await linkOf(call, token)
  if (password !== undefined) await confirmByLink(call, { user_id, email: account, link: hash }, { password })
  else if (purpose === 'email_change' && has_password === 1) {
    throw new Problem('invalid_body', { errors: [{ field: 'password', code: 'required' }] })
  } else if (purpose === 'email_change' && (await signedIn())?.user_id !== user_id) throw new Problem('login_required')
  // A new password would raise the epoch and void the link. So if the link still works, the checked password is the
  // current one.
  const statements = purpose === 'verify' ? confirmed(call, hash, password !== undefined) : await moved(call, hash)
  const results = await commit(call.env.DB, [...statements, dropVoid(user_id)])
  if (results.at(-2)?.length === 1) {
    // The old address no longer belongs to the account, so its doorkeeper state is deleted.
    if (purpose === 'email_change') await settle(forgetAccount(call, account), 'doorkeeper_not_cleared')
    return
  }
  // If the token is still there, it was valid, but another account has taken the address meanwhile.
  const taken = purpose === 'email_change' && (await first(call.env.DB, sql`SELECT ${moverOf(call, hash)} AS id`))
  throw new Problem(taken && (taken as { id: number | null }).id !== null ? 'email_taken' : 'invalid_one_time_token')
}

/** Whether the page of a link asks for the password. @throws Problem 400 `invalid_one_time_token`, 503 `unavailable` */
export const asksForPassword = async (call: Call, token = ''): Promise<boolean> =>
  (await linkOf(call, token)).has_password === 1

type Link = { hash: string; purpose: 'verify' | 'email_change'; user_id: number; account: string; has_password: number }

/** Reads what a link is for before the cost of a comparison. The batch makes the final check. */
async function linkOf({ env, now }: Call, token: string): Promise<Link> {
  const hash = await oneTimeHash(token)
  const row =
    hash !== undefined &&
    sql`SELECT hash, purpose, user_id, users.email AS account, hashed_password IS NOT NULL AS has_password
    FROM one_time_tokens JOIN users ON users.id = user_id
    WHERE hash = ${hash} AND purpose IN ('verify', 'email_change') AND expires_at > ${now} AND disabled_at IS NULL
      AND ${isOfEpoch}`
  const link = row && (await first<Link>(env.DB, row))
  if (!link) throw new Problem('invalid_one_time_token')
  return link
}

function confirmed(call: Call, hash: string, keepsPassword: boolean): Sql[] {
  const holder = holderOf(call, 'verify', hash)
  const kept = keepsPassword ? sql`` : sql`, hashed_password = NULL, password_set_at = NULL`
  return [
    revokeSessions(call, sql`user_id = ${holder}`),
    auditRow(call, { event: 'email_verified', user_id: holder }, sql`${holder} IS NOT NULL`),
    sql`UPDATE users SET email_verified = 1, ${proven}, epoch = epoch + 1${kept} WHERE id = ${holder} RETURNING id`,
  ]
}

async function moved(call: Call, hash: string): Promise<Sql[]> {
  const holder = moverOf(call, hash)
  const address = sql`(SELECT email FROM one_time_tokens WHERE hash = ${hash})`
  const owned = sql`EXISTS (SELECT 1 FROM users
    WHERE canonical_email = ${address} AND id <> ${holder} AND NOT ${isUnconfirmedRegistration})`
  const taken = sql`(${owned} OR ${isKept(call, address, holder)})`
  const mover = sql`(SELECT ${holder} WHERE NOT ${taken})`
  return [
    ...giveWay(call, address, sql`id <> ${mover}`),
    // Before the change, so it goes to the old address.
    ...(await undoableMail(call, mails.emailChanged, sql`id = ${mover}`, 'email_changed')),
    await mailRow(call, mails.emailMovedHere, sql`id = ${mover}`, { recipient: address }),
    revokeSessions(call, sql`user_id = ${mover}`),
    auditRow(call, { event: 'email_changed', user_id: mover }, sql`${mover} IS NOT NULL`),
    // The epoch rises even if the address is unchanged, because all sessions end.
    sql`UPDATE users SET email = ${address}, email_verified = 1, proven_email = lower(${address}), epoch = epoch + 1
      WHERE id = ${mover} RETURNING id`,
  ]
}
