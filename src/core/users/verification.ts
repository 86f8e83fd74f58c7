import { type Sql, sql } from '../../lib/sql.ts'
import type { DatabaseCall } from '../call.ts'
import { mailRow } from '../mail/outbox.ts'
import { revokeSessions } from '../sessions/sessions.ts'
import { issueOneTime, newOneTimeToken, voidOneTime } from './one-time.ts'
import { mails } from './mails.ts'
import { stopAsking } from './second-factor.ts'

/**
 * The statements that mail a new link to a user whose address is not confirmed: a link that confirms it, or, if two
 * people registered and no password is left, one that sets a password.
 */
export async function verificationMail(call: DatabaseCall, users: Sql): Promise<Sql[]> {
  const [verify, reset] = [await newOneTimeToken(), await newOneTimeToken()]
  const waiting = sql`${users} AND email_verified = 0 AND disabled_at IS NULL`
  const withPassword = sql`${waiting} AND hashed_password IS NOT NULL`
  const without = sql`${waiting} AND hashed_password IS NULL`
  return [
    issueOneTime(call, 'verify', verify.hash, withPassword),
    issueOneTime(call, 'reset', reset.hash, without),
    await mailRow(call, mails.verify, withPassword, { token: verify.token }),
    await mailRow(call, mails.finishRegistration, without, { token: reset.token }),
  ]
}

/** The assignment that notes in `users` that somebody proved here to read the mailbox of the account's address. */
export const proven: Sql = sql`proven_email = canonical_email`

/**
 * The statements that confirm the address of an account for whoever has just proven to read its mailbox, and remove
 * everything that was set before: somebody else may have registered the address and wait for its owner (Sudhodanan and
 * Paverd 2022, "pre-hijacking"). `users` must not depend on the epoch, which several of them raise. The last one makes
 * `email_verified` 1, and returns the user.
 */
export function takeOver(call: DatabaseCall, users: Sql): Sql[] {
  const those = sql`(SELECT id FROM users WHERE ${users})`
  return [
    revokeSessions(call, sql`user_id IN ${those}`),
    voidOneTime(those),
    ...stopAsking(users),
    sql`UPDATE users SET hashed_password = NULL, password_set_at = NULL, email_verified = 1, ${proven}, epoch = epoch + 1
      WHERE ${users} RETURNING id`,
  ]
}
