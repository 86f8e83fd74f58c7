import type { AuditEvent } from '../../src/core/events/audit.ts'
import { all } from '../../src/core/d1.ts'
import { Problem } from '../../src/problem.ts'
import { findUser, hasEmail, type User } from '../../src/core/users/users.ts'
import { type Sql, sql } from '../../src/lib/sql.ts'

/** The user with this id, or this address. @throws Problem `not_found`, `unavailable` */
export async function userNamed(db: D1Database, who: string): Promise<User> {
  const user = await findUser(db, /^\d{1,15}$/.test(who) ? sql`id = ${Number(who)}` : hasEmail(who))
  if (!user) throw new Problem('not_found')
  return user
}

export type ListedSession = {
  id: string
  created_at: number
  refreshed_at: number
  expires_at: number
  ip: string | null
  user_agent: string | null
}

/** The sessions of a user that have not ended, the newest first. Which are idle is not known here: that is a setting. */
export const liveSessions = (db: D1Database, user_id: number, now: number): Promise<ListedSession[]> =>
  all(
    db,
    sql`SELECT id, created_at, refreshed_at, expires_at, ip, user_agent FROM sessions
      WHERE user_id = ${user_id} AND revoked_at IS NULL AND expires_at > ${now} ORDER BY refreshed_at DESC, id`,
  )

export type AuditRow = {
  id: number
  at: number
  event: AuditEvent['event']
  reason: string | null
  user_id: number | null
  session_id: string | null
  ip: string | null
  country: string | null
  user_agent: string | null
  request_id: string | null
  actor: string | null
  client_id: string | null
}

/** The newest events that a condition names, the oldest of them first. */
export const auditEvents = (db: D1Database, condition: Sql, limit: number): Promise<AuditRow[]> =>
  all(
    db,
    sql`SELECT * FROM (SELECT * FROM audit_events WHERE ${condition} ORDER BY at DESC, id DESC LIMIT ${limit})
      ORDER BY at, id`,
  )
