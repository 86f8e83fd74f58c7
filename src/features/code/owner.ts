import type { Call } from '../../core/call.ts'
import { auditRow } from '../../core/events/audit.ts'
import { commit } from '../../core/sessions/sessions.ts'
import { giveWay } from '../../core/users/registrations.ts'
import { isKept } from '../../core/users/undo.ts'
import { hasEmail } from '../../core/users/users.ts'
import { takeOver } from '../../core/users/verification.ts'
import { passwordReplaced } from '../../doorkeeper/rpc.ts'
import { settle } from '../../lib/settle.ts'
import { type Sql, sql } from '../../lib/sql.ts'

/*
 * What a right code changes before anybody is signed in: it proves the mailbox. Each is a batch of its own. The code keeps
 * working until the session is written, so that a lost answer loses nothing.
 */

/** Confirms the address of an account that nobody had confirmed. @throws Problem 503 `unavailable` */
export async function confirmOwner(call: Call, { id, email }: { id: string; email: string }): Promise<void> {
  const owner = sql`id = (SELECT user_id FROM login_codes WHERE login_codes.id = ${id})
    AND email_verified = 0 AND disabled_at IS NULL`
  const user_id = sql`(SELECT id FROM users WHERE ${owner})`
  await commit(call.env.DB, [
    // Void if something has changed since the code was compared. The statements below raise the epoch themselves.
    sql`DELETE FROM login_codes
      WHERE id = ${id} AND epoch IS NOT (SELECT epoch FROM users WHERE users.id = login_codes.user_id)`,
    auditRow(call, { event: 'email_verified', user_id }, sql`${user_id} IS NOT NULL`),
    ...takeOver(call, owner),
    ofThisEpoch(id),
  ])
  // Devices and networks of whoever had the account before are strangers now.
  await settle(passwordReplaced(call, email), 'doorkeeper_not_cleared')
}

/**
 * Creates the account of an address that had none when the code was mailed. An unconfirmed registration gives way. If
 * somebody else has confirmed the address meanwhile, or it is kept free for somebody, the code is void.
 * @throws Problem 503 `unavailable`
 */
export async function registerOwner(call: Call, { id, email }: { id: string; email: string }): Promise<void> {
  const { origin, now } = call
  const waiting = sql`login_codes.id = ${id} AND user_id IS NULL AND login_codes.epoch IS NOT NULL`
  const isWaiting = sql`EXISTS (SELECT 1 FROM login_codes WHERE ${waiting})`
  const user_id = sql`(SELECT id FROM users WHERE canonical_email = ${email})`
  await commit(call.env.DB, [
    ...giveWay(call, email, isWaiting),
    sql`DELETE FROM login_codes
      WHERE ${waiting} AND (EXISTS (SELECT 1 FROM users WHERE ${hasEmail(email)}) OR ${isKept(call, email)})`,
    sql`INSERT INTO users (email, email_verified, proven_email, language, created_at)
      SELECT ${email}, 1, ${email}, ${origin.language}, ${now} WHERE ${isWaiting}`,
    auditRow(call, { event: 'registered', user_id }, isWaiting),
    sql`UPDATE login_codes SET user_id = ${user_id} WHERE ${waiting}`,
    ofThisEpoch(id),
  ])
}

/** The code was compared in an epoch that ends with this batch. It holds in the next one. */
const ofThisEpoch = (id: string): Sql =>
  sql`UPDATE login_codes SET epoch = (SELECT epoch FROM users WHERE users.id = login_codes.user_id)
    WHERE id = ${id} AND user_id IS NOT NULL`
