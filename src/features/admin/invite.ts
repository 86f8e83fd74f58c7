import type { Call, DatabaseCall } from '../../core/call.ts'
import { batch } from '../../core/d1.ts'
import { auditRow } from '../../core/events/audit.ts'
import { mailRow, requireLinks } from '../../core/mail/outbox.ts'
import { invitedUntil, issueInvitation, mayBeInvited } from '../../core/users/invitations.ts'
import { newOneTimeToken } from '../../core/users/one-time.ts'
import { mayLoseAdmin } from '../../core/users/roles.ts'
import { forgetAccount } from '../../doorkeeper/rpc.ts'
import { settle } from '../../lib/settle.ts'
import { type Sql, sql } from '../../lib/sql.ts'
import { Problem } from '../../problem.ts'
import { changeUser } from './change.ts'
import { mails } from './mails.ts'
import { few, requireFew } from './few.ts'
import { type Acting, reach, reached, requireReached } from './reach.ts'

/** The statements that mail a link which sets a password within seven days, and void the link that was mailed before. */
export async function invitationTo(call: DatabaseCall, users: Sql): Promise<Sql[]> {
  const { token, hash } = await newOneTimeToken()
  return [issueInvitation(call, hash, users), await mailRow(call, mails.invitation, users, { token })]
}

/**
 * Invites a user again, or for the first time if the account was imported without a password. Anybody who has used the
 * account asks for a link as others do.
 * @throws Problem 404 `not_found`, 403 `insufficient_role`, 409 `not_invited`, 429 `too_many_attempts`, 503 `not_ready` without
 * `PUBLIC_URL`, 503 `unavailable`
 */
export async function inviteUser(call: Acting<Call>, id: number): Promise<void> {
  requireLinks(call.settings)
  const isFew = few(call, 'user_invited', id)
  const chosen = sql`id = ${id} AND ${mayBeInvited} AND ${isFew} AND ${reach(call)}`
  const [found, may] = await batch<{ may: number }>(call.env.DB, [
    reached(call, id),
    sql`SELECT ${mayBeInvited} AS may, ${isFew} AS few FROM users WHERE id = ${id}`,
    ...(await invitationTo(call, chosen)),
    auditRow(call, { event: 'user_invited', user_id: id }, sql`EXISTS (SELECT 1 FROM users WHERE ${chosen})`),
  ])
  requireReached(found)
  if (!may?.[0]?.may) throw new Problem('not_invited')
  requireFew(may)
}

/**
 * Deletes the account of somebody who was invited and has not accepted, and so voids the link. If only the link were void,
 * the person could still ask for another one.
 * @throws Problem 404 `not_found`, 409 `not_invited`, 503 `unavailable`
 */
export async function withdrawInvitation(call: Call, id: number): Promise<void> {
  const email = await changeUser(call, id, {
    event: 'account_deleted',
    pending: sql`TRUE`,
    may: sql`(${invitedUntil} IS NOT NULL AND ${mayBeInvited} AND ${mayLoseAdmin})`,
    refusal: 'not_invited',
    endSessions: true,
    to: (chosen) => sql`DELETE FROM users WHERE ${chosen}`,
  })
  await settle(forgetAccount(call, email), 'doorkeeper_not_cleared')
}
