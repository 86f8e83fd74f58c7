import type { Call } from '../../core/call.ts'
import { all, batch } from '../../core/d1.ts'
import { standing } from '../../core/sessions/sessions.ts'
import { pageOf } from '../../lib/cursor.ts'
import { type Sql, sql } from '../../lib/sql.ts'
import type { EventFilter } from './parameters.ts'

export type ListedEvent = {
  id: number
  at: number
  event: string
  reason: string | null
  user_id: number | null
  session_id: string | null
  actor: string | null
  client_id: string | null
  ip: string | null
  country: string | null
  user_agent: string | null
  request_id: string | null
}

/**
 * A page of the audit trail, newest first. It uses the index of the most selective filter.
 * @throws Problem `unavailable`
 */
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
      sql`SELECT id, at, event, reason, user_id, session_id, actor, client_id, ip, country, user_agent, request_id
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
