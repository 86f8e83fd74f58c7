import type { Config } from '../../config.ts'
import { all, batch, first } from '../../core/d1.ts'
import { Problem } from '../../core/problem.ts'
import { type ListedSession, sessionsOf, standing } from '../../core/sessions.ts'
import { pageOf } from '../../lib/cursor.ts'
import { asciiLower } from '../../lib/email.ts'
import { type Sql, sql } from '../../lib/sql.ts'
import type { EventFilter, UserFilter } from './parameters.ts'

/** What an admin sees of a user: as `GET /user/me` shows it, and whether they may sign in. */
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

/** Greater than whatever follows a prefix: no address holds the last code point. */
const END = '\u{10ffff}'

/**
 * A page of users: by address where a prefix of one is asked for, else by id. Rows that come and go in between take
 * nobody else's turn. It reads as many rows of an index as it gives; with a role, those of all who have any role.
 * @throws Problem `unavailable`
 */
export async function usersPage(db: D1Database, { email, role, cursor, limit }: UserFilter) {
  const key = email === undefined ? sql`id` : sql`canonical_email`
  const from = cursor === undefined ? sql`${key} >= ${email ?? 0}` : sql`${key} > ${cursor}`
  const until = email === undefined ? sql`TRUE` : sql`canonical_email < ${email + END}`
  const has = sql`roles <> '[]' AND EXISTS (SELECT 1 FROM json_each(users.roles) WHERE value = ${role ?? null})`
  const [index, chosen] = role === undefined ? [sql``, sql`TRUE`] : [sql`INDEXED BY users_with_roles`, has]
  const found = await all<ListedRow>(
    db,
    sql`SELECT ${LISTED} FROM users ${index}
      WHERE ${from} AND ${until} AND ${chosen} ORDER BY ${key} LIMIT ${limit + 1}`,
  )
  const page = pageOf(found, limit, (row) => (email === undefined ? row.user_id : asciiLower(row.email)))
  return { users: page.rows.map(listed), next: page.next }
}

type Details = ListedRow & {
  language: string | null
  password_set_at: number | null
  has_password: number
  live_sessions: number
}

/** One user, with the sessions that stand. @throws Problem 404 `not_found`, `unavailable` */
export async function userDetails(db: D1Database, config: Config, id: number, now: number) {
  const live = sql`SELECT count(*) FROM sessions WHERE user_id = users.id AND ${standing(config, now)}`
  const row = await first<Details>(
    db,
    sql`SELECT ${LISTED}, language, password_set_at, hashed_password IS NOT NULL AS has_password,
        (${live}) AS live_sessions
      FROM users WHERE id = ${id}`,
  )
  if (!row) throw new Problem('not_found')
  const sessions: ListedSession[] = await sessionsOf(db, config, id, now)
  return { ...listed(row), has_password: row.has_password === 1, sessions }
}

export type ListedEvent = {
  id: number
  at: number
  event: string
  reason: string | null
  user_id: number | null
  session_id: string | null
  actor: string | null
  ip: string | null
  country: string | null
  user_agent: string | null
  request_id: string | null
}

/** A page of the audit trail, the newest first, along the index of whatever names the fewest rows. @throws `unavailable` */
export async function eventsPage(db: D1Database, filter: EventFilter) {
  const { user_id, actor, event, from, to, cursor, limit } = filter
  const index = [
    user_id !== undefined && sql`audit_events_user_id`,
    actor !== undefined && sql`audit_events_actor`,
    event !== undefined && sql`audit_events_event`,
  ].find((name) => name !== false)
  const is = (column: Sql, value: string | number | undefined) =>
    value === undefined ? sql`TRUE` : sql`${column} = ${value}`
  const [last, id] = cursor ?? [to - 1, Number.MAX_SAFE_INTEGER]
  const { rows, next } = pageOf(
    await all<ListedEvent>(
      db,
      sql`SELECT id, at, event, reason, user_id, session_id, actor, ip, country, user_agent, request_id
        FROM audit_events INDEXED BY ${index ?? sql`audit_events_at`}
        WHERE ${is(sql`user_id`, user_id)} AND ${is(sql`actor`, actor)} AND ${is(sql`event`, event)}
          AND at >= ${from} AND at <= ${Math.min(last, to - 1)} AND (at < ${last} OR id < ${id})
        ORDER BY at DESC, id DESC LIMIT ${limit + 1}`,
    ),
    limit,
    ({ at, id }) => [at, id],
  )
  return { events: rows, next }
}

const DAY = 86_400

/**
 * Counts for a dashboard. What it costs in rows read: every user once, every session that has not expired once, and the
 * entries of the index for each login, failure and registration of these days. On a large table, ask rarely.
 * @throws Problem `unavailable`
 */
export async function statistics(db: D1Database, config: Config, days: number, now: number) {
  const today = Math.floor(now / DAY)
  const since = sql`at >= ${(today - days + 1) * DAY}`
  // Not `/ ${DAY}`: every number is bound as a REAL, and the quotient would be one.
  const counted = (events: Sql) =>
    sql`SELECT at / 86400 AS day, event, count(*) AS n FROM audit_events WHERE ${events} AND ${since} GROUP BY day, event`
  type Count = { day: number; event: string; n: number; users: number; verified: number; live_sessions: number }
  const [totals, sessions, ...events] = await batch<Count>(db, [
    sql`SELECT count(*) AS users, coalesce(sum(email_verified), 0) AS verified FROM users`,
    sql`SELECT count(*) AS live_sessions FROM sessions WHERE ${standing(config, now)}`,
    counted(sql`event IN ('login_succeeded', 'login_failed')`),
    counted(sql`event = 'registered' AND reason IS NULL`), // with a reason, the address was there or got no mail
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
