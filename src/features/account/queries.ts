import { batch } from '../../core/d1.ts'
import { sql } from '../../lib/sql.ts'

/** Everything that is held about a person, but for the hash of the password. */
export async function everythingAbout(db: D1Database, user_id: number): Promise<Record<string, unknown>> {
  const [users, sessions, audit_events] = await batch(db, [
    sql`SELECT id AS user_id, email, email_verified, disabled_at, roles, language, password_set_at, created_at
      FROM users WHERE id = ${user_id}`,
    sql`SELECT id, created_at, auth_time, refreshed_at, expires_at, revoked_at, ip, country, user_agent
      FROM sessions WHERE user_id = ${user_id} ORDER BY created_at`,
    sql`SELECT at, event, reason, session_id, ip, country, user_agent, request_id
      FROM audit_events WHERE user_id = ${user_id} ORDER BY id`,
  ])
  return { user: users?.[0], sessions, audit_events }
}
