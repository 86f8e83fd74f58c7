import { randomId } from '../lib/bytes.ts'
import { auditRow, type Client } from './audit.ts'
import { answerOf } from './d1.ts'
import type { User } from './users.ts'

/** What a verified access token says about its bearer. */
export type Session = {
  id: string
  user_id: number
  auth_time: number
  expires_at: number
  roles: string[]
}

type Start = { user: User; client: Client; now: number; ttlSeconds: number; alongside?: D1PreparedStatement[] }

/**
 * Starts a session: its row, its audit row and whatever else the login changes, in one batch. A token may be signed
 * only after this has answered.
 * @throws Problem `unavailable`, and then nothing was started that anybody holds a token for
 */
export async function startSession(
  db: D1Database,
  { user, client, now, ttlSeconds, alongside = [] }: Start,
): Promise<Session> {
  const session = { id: randomId(), user_id: user.id, auth_time: now, expires_at: now + ttlSeconds, roles: user.roles }
  const row = db
    .prepare(
      `INSERT INTO sessions (id, user_id, created_at, expires_at, ip, country, user_agent) VALUES (?, ?, ?, ?, ?, ?, ?)`,
    )
    .bind(session.id, user.id, now, session.expires_at, client.ip, client.country, client.user_agent)
  const event = { event: 'login_succeeded', user_id: user.id, session_id: session.id } as const
  await answerOf(db.batch([row, auditRow(db, event, client, now), ...alongside]))
  return session
}

/**
 * Whether the session still stands: not revoked, not past its end, and its account not disabled.
 * @throws Problem `unavailable`
 */
export async function isLive(db: D1Database, session: Session, now: number): Promise<boolean> {
  const query = `SELECT 1 FROM sessions JOIN users ON users.id = sessions.user_id
     WHERE sessions.id = ? AND user_id = ? AND revoked_at IS NULL AND expires_at > ? AND disabled_at IS NULL`
  return (await answerOf(db.prepare(query).bind(session.id, session.user_id, now).first())) !== null
}

/** Ends one session; ending it twice is the same as once. @throws Problem `unavailable` */
export async function endSession(db: D1Database, session: Session, client: Client, now: number): Promise<void> {
  const revoke = db
    .prepare('UPDATE sessions SET revoked_at = ?1 WHERE id = ?2 AND revoked_at IS NULL')
    .bind(now, session.id)
  const event = { event: 'logged_out', user_id: session.user_id, session_id: session.id } as const
  await answerOf(db.batch([revoke, auditRow(db, event, client, now)]))
}
