import type { Call, SignedInCall } from '../../core/call.ts'
import { first } from '../../core/d1.ts'
import { auditRow } from '../../core/events/audit.ts'
import { commit, stillLive } from '../../core/sessions/sessions.ts'
import { oneTimeHash } from '../../core/users/one-time.ts'
import { Problem } from '../../problem.ts'
import { type Sql, sql } from '../../lib/sql.ts'
import { isPending } from './pending.tsx'

/** What a notice can still cancel, as a condition. @throws Problem 400 `invalid_one_time_token` */
async function pendingOf({ now }: Call, token: string): Promise<Sql> {
  const cancel_hash = await oneTimeHash(token)
  if (cancel_hash === undefined) throw new Problem('invalid_one_time_token')
  return sql`cancel_hash = ${cancel_hash} AND expires_at > ${now}`
}

/** Only looks whether a notice can still cancel. @throws as `cancelEmailChange` */
export async function requirePending(call: Call, token = ''): Promise<void> {
  const pending = sql`SELECT 1 FROM one_time_tokens WHERE ${await pendingOf(call, token)}`
  if (!(await first(call.env.DB, pending))) throw new Problem('invalid_one_time_token')
}

/**
 * Cancels a pending change of address, given the token from the notice. No login is needed: the token proves access to
 * the mailbox of the current address.
 * @throws Problem 400 `invalid_one_time_token`, 503 `unavailable`
 */
export async function cancelEmailChange(call: Call, token: string): Promise<void> {
  const pending = await pendingOf(call, token)
  const user_id = sql`(SELECT user_id FROM one_time_tokens WHERE ${pending})`
  const [, cancelled] = await commit(call.env.DB, [
    auditRow(call, { event: 'email_change_cancelled', user_id }, sql`${user_id} IS NOT NULL`),
    sql`DELETE FROM one_time_tokens WHERE ${pending} RETURNING user_id AS id`,
  ])
  if (cancelled?.length !== 1) throw new Problem('invalid_one_time_token')
}

/**
 * Cancels the pending change of the signed-in user. The link that was mailed to the new address is void.
 * @throws Problem 401 `invalid_token` when the session has ended, 404 `not_found` if nothing is pending, 503 `unavailable`
 */
export async function cancelPendingChange(call: SignedInCall): Promise<void> {
  const { user_id, id: session_id } = call.session
  const pending = sql`${isPending(call)} AND EXISTS (${stillLive(call)})`
  const event = { event: 'email_change_cancelled', user_id, session_id } as const
  const [live, , cancelled] = await commit(call.env.DB, [
    stillLive(call),
    auditRow(call, event, sql`EXISTS (SELECT 1 FROM one_time_tokens WHERE ${pending})`),
    sql`DELETE FROM one_time_tokens WHERE ${pending} RETURNING user_id AS id`,
  ])
  if (cancelled?.length !== 1) throw new Problem(live?.length === 1 ? 'not_found' : 'invalid_token')
}
