import type { SignedInCall } from '../../core/call.ts'
import { auditRow } from '../../core/events/audit.ts'
import type { Proof } from '../../core/proof.ts'
import {
  type Grant,
  isOwn,
  revokeSessions,
  shownIn,
  standing,
  storedShown,
  tokensUntil,
} from '../../core/sessions/sessions.ts'
import { randomId } from '../../lib/bytes.ts'
import { sql } from '../../lib/sql.ts'
import { rest } from '../../signing-in/rest.ts'

/**
 * Replaces the current session with a new one after reauthentication. So tokens of the old session, including stolen
 * copies, never become fresh (OWASP ASVS 5.0, 7.2.4). It is the same sign-in, and keeps its expiry and the sessions of clients.
 * @throws Problem whatever `rest` throws
 */
export async function replaceSession(call: SignedInCall, proof: Proof): Promise<Grant> {
  const { now } = call
  const { id, user_id } = call.session
  const { roles } = proof.user
  const own = sql`id = ${id} AND user_id = ${user_id} AND ${isOwn} AND ${standing(call)}`
  const session_id = randomId()
  const started = sql`EXISTS (SELECT 1 FROM sessions WHERE id = ${session_id})`
  const again = Object.fromEntries(proof.methods.map((name) => [name, now]))
  const [rows] = await rest(call, proof, (mine) => [
    sql`INSERT INTO sessions
      (id, user_id, created_at, auth_time, refreshed_at, expires_at, tokens_until, methods, shown, ip, country,
       user_agent)
      SELECT ${session_id}, user_id, created_at, ${now}, ${now}, expires_at,
             min(expires_at, ${tokensUntil(call)}), methods, json_patch(${storedShown}, ${JSON.stringify(again)}), ip,
             country, user_agent
      FROM sessions WHERE ${own} AND EXISTS (SELECT 1 FROM users WHERE ${mine})
      RETURNING id, expires_at, auth_time, shown`,
    auditRow(call, { event: 'reauthenticated', user_id, session_id }, started),
    sql`UPDATE sessions SET parent_id = ${session_id} WHERE parent_id = ${id} AND ${started}`,
    revokeSessions(call, sql`id = ${id} AND ${started}`),
  ])
  const [row] = rows as unknown as [{ expires_at: number; auth_time: number; shown: string }]
  return {
    id: session_id,
    user_id,
    auth_time: now,
    roles,
    generation: 0,
    expires_at: row.expires_at,
    shown: shownIn(row),
  }
}
