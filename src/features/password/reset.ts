import type { Call } from '../../core/call.ts'
import { auditRow } from '../../core/events/audit.ts'
import { refuseCommon } from '../../core/passwords/credentials.ts'
import { first } from '../../core/d1.ts'
import { dropVoid, holderOf, oneTimeHash } from '../../core/users/one-time.ts'
import { Problem } from '../../problem.ts'
import { commit, revokeSessions } from '../../core/sessions/sessions.ts'
import { proven } from '../../core/users/verification.ts'
import { undoableMail } from '../../core/users/undo.ts'
import { passwordReplaced, hashFor } from '../../doorkeeper/rpc.ts'
import { settle } from '../../lib/settle.ts'
import { sql } from '../../lib/sql.ts'
import { mails } from './mails.ts'

/** Whose password a link sets, and the hash of its token. @throws Problem 400 `invalid_one_time_token`, 503 `unavailable` */
export async function resetLink(call: Call, token = ''): Promise<{ hash: string; id: number; email: string }> {
  const hash = await oneTimeHash(token)
  const holder = hash !== undefined && sql`SELECT id, email FROM users WHERE id = ${holderOf(call, 'reset', hash)}`
  const user = holder && (await first<{ id: number; email: string }>(call.env.DB, holder))
  if (!user) throw new Problem('invalid_one_time_token')
  return { hash: hash!, ...user }
}

/**
 * Sets a password for the holder of a mailed token. The token proves access to the mailbox, so the address counts as
 * confirmed. Everything from before becomes void (sessions, other links, a pending change of address), because someone
 * else may have created it. It does not sign the user in.
 * @throws Problem 400 `invalid_one_time_token`, 422 `invalid_body`, 503 `unavailable`
 */
export async function resetPassword(
  call: Call,
  { token, password }: { token: string; password: string },
): Promise<void> {
  const { env, settings, now } = call
  const { hash, ...user } = await resetLink(call, token) // before the cost of a hash; the batch makes the final check
  const holder = holderOf(call, 'reset', hash)
  await refuseCommon(password, user.email, settings)
  const hashed_password = await hashFor(call, { email: user.email, password })
  const held = sql`id = ${holder}`
  const results = await commit(env.DB, [
    revokeSessions(call, sql`user_id = ${holder}`),
    auditRow(call, { event: 'password_reset', user_id: holder }, sql`${holder} IS NOT NULL`),
    ...(await undoableMail(call, mails.passwordChanged, held, 'password_changed')),
    sql`UPDATE users SET hashed_password = ${hashed_password}, password_set_at = ${now}, email_verified = 1, ${proven}
      WHERE ${held} RETURNING id`,
    dropVoid(user.id),
  ])
  if (results.at(-2)?.length !== 1) throw new Problem('invalid_one_time_token')
  // Devices and networks of whoever had the account before are strangers now, and all locks are open.
  await settle(passwordReplaced(call, user.email), 'doorkeeper_not_cleared')
}
