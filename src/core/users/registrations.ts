import { type Sql, sql } from '../../lib/sql.ts'
import { auditRow } from '../events/audit.ts'
import type { DatabaseCall } from '../call.ts'

/**
 * Seconds. How long a registration waits for confirmation: a person who registers on Friday may read the mail on
 * Monday.
 */
export const REGISTRATION_WAITS_SECONDS = 7 * 86_400

/**
 * The condition for an unconfirmed registration. It does not own its address: it expires, and it does not stop anyone
 * who proves that the address is theirs. An account does not count as one if it was imported, or if an operator created
 * it, disabled it or gave it a role.
 */
export const isUnconfirmedRegistration: Sql = sql`(
  users.unconfirmed_until IS NOT NULL AND users.email_verified = 0 AND users.disabled_at IS NULL AND users.roles = '[]')`

/**
 * The statements that delete an unconfirmed registration of an address if `when` holds, before the owner of the address
 * gets it.
 */
export function giveWay(call: DatabaseCall, address: Sql | string, when: Sql = sql`TRUE`): Sql[] {
  const waiting = sql`canonical_email = ${address} AND ${isUnconfirmedRegistration} AND ${when}`
  const user_id = sql`(SELECT id FROM users WHERE ${waiting})`
  return [
    auditRow(call, { event: 'account_deleted', user_id }, sql`${user_id} IS NOT NULL`),
    sql`DELETE FROM users WHERE ${waiting}`,
  ]
}

/**
 * The statements that delete expired registrations and everything they own, at most `limit`. A link that was mailed in
 * the last hour stays valid until it expires.
 */
export function expireRegistrations(limit: number, now: number): Sql[] {
  const expired = sql`id IN (SELECT id FROM users WHERE unconfirmed_until <= ${now} AND ${isUnconfirmedRegistration}
    AND NOT EXISTS (SELECT 1 FROM one_time_tokens WHERE user_id = users.id AND expires_at > ${now})
    ORDER BY unconfirmed_until, id LIMIT ${limit})`
  return deleteRegistrations({ origin: { request_id: null }, now }, expired)
}

/** The statements that delete the registrations that a condition selects, with an audit row for each. */
export const deleteRegistrations = ({ origin: { request_id, actor }, now }: By, chosen: Sql): Sql[] => [
  sql`INSERT INTO audit_events (at, event, user_id, request_id, actor)
    SELECT ${now}, 'account_deleted', id, ${request_id}, ${actor ?? null} FROM users WHERE ${chosen}`,
  sql`DELETE FROM users WHERE ${chosen}`,
]

/** A call, or a run of the cleanup, which no request caused. */
type By = { origin: { request_id: string | null; actor?: string }; now: number }
