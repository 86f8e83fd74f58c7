import type { AuditEvent } from '../../src/core/audit.ts'
import { all } from '../../src/core/d1.ts'
import { Problem } from '../../src/core/problem.ts'
import { findUser, hasEmail, type User } from '../../src/core/users.ts'
import { asciiLower } from '../../src/lib/email.ts'
import { type Sql, sql } from '../../src/lib/sql.ts'

/** What is shown of a user: never the hash. */
export type Listed = Pick<User, 'id' | 'email' | 'roles' | 'email_verified' | 'disabled_at' | 'created_at'>

/** Sorted after everything that may follow a prefix. */
const LAST = '\u{10ffff}'

/** The user with this id, or this address. @throws Problem `not_found`, `unavailable` */
export async function userNamed(db: D1Database, who: string): Promise<User> {
  const user = await findUser(db, /^\d{1,15}$/.test(who) ? sql`id = ${Number(who)}` : hasEmail(who))
  if (!user) throw new Problem('not_found')
  return user
}

type Filter = { email?: string | undefined; role?: string | undefined; disabled: boolean; limit: number }

/** The users that a filter lets through, by id. */
export async function listUsers(db: D1Database, { email, role, disabled, limit }: Filter): Promise<Listed[]> {
  const prefix = email === undefined ? '' : asciiLower(email)
  const byEmail = sql`canonical_email >= ${prefix} AND canonical_email < ${prefix + LAST}`
  const byRole = sql`roles <> '[]' AND EXISTS (SELECT 1 FROM json_each(roles) WHERE value = ${role ?? ''})`
  const rows = await all<Omit<Listed, 'roles' | 'email_verified'> & { roles: string; email_verified: number }>(
    db,
    sql`SELECT id, email, roles, email_verified, disabled_at, created_at FROM users
      WHERE ${email === undefined ? sql`TRUE` : byEmail} AND ${role === undefined ? sql`TRUE` : byRole}
        AND ${disabled ? sql`disabled_at IS NOT NULL` : sql`TRUE`}
      ORDER BY id LIMIT ${limit}`,
  )
  return rows.map((row) => ({
    ...row,
    roles: JSON.parse(row.roles) as string[],
    email_verified: row.email_verified === 1,
  }))
}

export type ListedSession = {
  id: string
  created_at: number
  refreshed_at: number
  expires_at: number
  ip: string | null
  user_agent: string | null
}

/** The sessions of somebody that have not ended, the newest first. */
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
}

/** The newest events that a condition names, the oldest of them first. */
export const auditEvents = (db: D1Database, condition: Sql, limit: number): Promise<AuditRow[]> =>
  all(
    db,
    sql`SELECT * FROM (SELECT * FROM audit_events WHERE ${condition} ORDER BY at DESC, id DESC LIMIT ${limit})
      ORDER BY at, id`,
  )
