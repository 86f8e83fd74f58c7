import * as v from 'valibot'
import type { Call } from '../../core/call.ts'
import { all, batch, first } from '../../core/d1.ts'
import { roleName } from '../../core/users/roles.ts'
import { Problem } from '../../problem.ts'
import { type ListedSession, sessionsOf, standing } from '../../core/sessions/sessions.ts'
import { pageOf } from '../../lib/cursor.ts'
import { asciiLower } from '../../lib/email.ts'
import { type Sql, sql } from '../../lib/sql.ts'
import type { UserFilter } from './parameters.ts'

/** A user as an admin sees it: the fields of `GET /user/me`, and whether the user is disabled. */
export type ListedUser = {
  user_id: number
  email: string
  email_verified: boolean
  roles: string[]
  disabled_at: number | null
  created_at: number
}
export type ListedRow = Omit<ListedUser, 'email_verified' | 'roles'> & { email_verified: number; roles: string }

type Json = Pick<ListedUser, 'email_verified' | 'roles'>

export const LISTED = sql`id AS user_id, email, email_verified, roles, disabled_at, created_at`

export const listed = <R extends ListedRow>(row: R): Omit<R, keyof Json> & Json => ({
  ...row,
  email_verified: row.email_verified === 1,
  roles: JSON.parse(row.roles) as string[],
})

/** Sorts after every text that starts with a prefix: no address contains the last code point. */
const END = '\u{10ffff}'

/** The filter of `/admin`, and `disabled`, which only the command line uses. */
type Filter = UserFilter & { disabled?: boolean }

/**
 * A page of users, ordered by address if an address prefix is given, otherwise by id. Rows that are added or removed
 * between pages do not shift the others. It reads as many index rows as it returns; with a role, it reads all users who
 * have any role.
 * @throws Problem `unavailable`
 */
export async function usersPage(db: D1Database, { email, role, disabled = false, cursor, limit }: Filter) {
  const key = email === undefined ? sql`id` : sql`canonical_email`
  const from = cursor === undefined ? sql`${key} >= ${email ?? 0}` : sql`${key} > ${cursor}`
  const until = email === undefined ? sql`TRUE` : sql`canonical_email < ${email + END}`
  const has = sql`roles <> '[]' AND EXISTS (SELECT 1 FROM json_each(users.roles) WHERE value = ${role ?? null})`
  const [index, chosen] = role === undefined ? [sql``, sql`TRUE`] : [sql`INDEXED BY users_with_roles`, has]
  const state = disabled ? sql`disabled_at IS NOT NULL` : sql`TRUE`
  const found = await all<ListedRow>(
    db,
    sql`SELECT ${LISTED} FROM users ${index}
      WHERE ${from} AND ${until} AND ${chosen} AND ${state} ORDER BY ${key} LIMIT ${limit + 1}`,
  )
  const page = pageOf(found, limit, (row) => (email === undefined ? row.user_id : asciiLower(row.email)))
  return { users: page.rows.map(listed), next: page.next }
}

/** Rows and roles up to which those in use are offered. More would be no choice. */
const [ROWS_WITH_ROLES, ROLES_OFFERED] = [1_000, 30]

/** Roles that users have, in no order: of the first users who have any. @throws Problem `unavailable` */
export async function knownRoles(db: D1Database): Promise<string[]> {
  const some = sql`SELECT roles FROM users INDEXED BY users_with_roles WHERE roles <> '[]' ORDER BY id LIMIT ${ROWS_WITH_ROLES}`
  const found = await all<{ role: string }>(
    db,
    sql`SELECT DISTINCT value AS role FROM (${some}) AS some, json_each(some.roles) LIMIT ${ROLES_OFFERED}`,
  )
  return found
    .map(({ role }) => role)
    .filter((role) => v.is(roleName, role))
    .sort()
}

type Details = ListedRow & {
  language: string | null
  password_set_at: number | null
  has_password: number
  live_sessions: number
}

/** One user, with the live sessions. @throws Problem 404 `not_found`, `unavailable` */
export async function userDetails(call: Call, id: number) {
  const live = sql`SELECT count(*) FROM sessions WHERE user_id = users.id AND ${standing(call)}`
  const row = await first<Details>(
    call.env.DB,
    sql`SELECT ${LISTED}, language, password_set_at, hashed_password IS NOT NULL AS has_password,
        (${live}) AS live_sessions
      FROM users WHERE id = ${id}`,
  )
  if (!row) throw new Problem('not_found')
  const sessions: ListedSession[] = await sessionsOf(call, id)
  return { ...listed(row), has_password: row.has_password === 1, sessions }
}

const DAY = 86_400

/**
 * Counts for a dashboard. Rows read: every user once, every session that has not expired once, and the index entries of
 * each login, failure and registration of these days. On a large table, call it rarely.
 * @throws Problem `unavailable`
 */
export async function statistics(call: Call, days: number) {
  const today = Math.floor(call.now / DAY)
  const since = sql`at >= ${(today - days + 1) * DAY}`
  // Not `/ ${DAY}`: every number is bound as a REAL, so the quotient would be a REAL too.
  const counted = (events: Sql) =>
    sql`SELECT at / 86400 AS day, event, count(*) AS n FROM audit_events WHERE ${events} AND ${since} GROUP BY day, event`
  type Count = { day: number; event: string; n: number; users: number; verified: number; live_sessions: number }
  const [totals, sessions, ...events] = await batch<Count>(call.env.DB, [
    sql`SELECT count(*) AS users, coalesce(sum(email_verified), 0) AS verified FROM users`,
    sql`SELECT count(*) AS live_sessions FROM sessions WHERE ${standing(call)}`,
    counted(sql`event IN ('login_succeeded', 'login_failed')`),
    counted(sql`event = 'registered' AND reason IS NULL`), // reason: the address was known or got no mail
  ])
  const counts = new Map(events.flat().map(({ day, event, n }) => [`${day} ${event}`, n]))
  const at = (day: number, event: string) => counts.get(`${day} ${event}`) ?? 0
  return {
    ...totals![0]!,
    ...sessions![0]!,
    days: Array.from({ length: days }, (_, i) => today - days + 1 + i).map((day) => ({
      date: new Date(day * DAY * 1000).toISOString().slice(0, 10),
      logins: at(day, 'login_succeeded'),
      failures: at(day, 'login_failed'),
      registrations: at(day, 'registered'),
    })),
  }
}
