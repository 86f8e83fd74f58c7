import type { Call } from '../../core/call.ts'
import { batch } from '../../core/d1.ts'
import { standing } from '../../core/sessions/sessions.ts'
import { type Sql, sql } from '../../lib/sql.ts'

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
