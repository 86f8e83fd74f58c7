import type { Call, SignedInCall } from '../../core/call.ts'
import { batch } from '../../core/d1.ts'
import { auditRow } from '../../core/events/audit.ts'
import type { Proof } from '../../core/proof.ts'
import type { RefreshName } from '../../core/sessions/refresh-tokens.ts'
import {
  laterTokens,
  refreshable,
  type RefreshedRow,
  type RefreshedSession,
  refreshedFrom,
} from '../../core/sessions/refreshed.ts'
import { type Grant, revokeSessions, shownIn, standing, tokensUntil } from '../../core/sessions/sessions.ts'
import { PASSWORD } from '../../core/users/ways.ts'
import { randomId } from '../../lib/bytes.ts'
import { sql } from '../../lib/sql.ts'
import { rest } from '../../signing-in/rest.ts'

/** A session after one of its refresh tokens was used. */
type Rotated = RefreshedSession & { rotated: boolean }

/**
 * Moves a session to the generation after the one in the token. This happens if the token's generation is the current
 * one and was not created within the grace period, or if a restored database does not know it yet. If the grace period
 * was lengthened and now outlasts the tokens, the session is moved within it too; for the token that was just replaced,
 * only the lifetime of its tokens is extended. Returns the session as it is afterwards.
 */
export async function rotate(call: Call, { session_id, generation }: RefreshName): Promise<Rotated | undefined> {
  const { now, settings } = call
  const graced = sql`refreshed_at > ${now - settings.REFRESH_GRACE_SECONDS}`
  const over = sql`tokens_until <= ${now}`
  const rotation = sql`UPDATE sessions
    SET generation = ${generation + 1}, tokens_until = ${laterTokens(call)},
      refreshed_at = iif(generation = ${generation + 1}, refreshed_at, ${now})
    WHERE id = ${session_id} AND ${standing(call)}
      AND (generation < ${generation} OR generation = ${generation} AND (generation = 0 OR NOT ${graced} OR ${over})
        OR generation = ${generation + 1} AND ${graced} AND ${over})
    RETURNING id`
  const [rotated, rows] = await batch<RefreshedRow>(call.env.DB, [rotation, refreshable(call, session_id)])
  const row = rows?.[0]
  return row && { ...refreshedFrom(row), rotated: rotated?.length === 1 }
}

/**
 * Replaces the current session with a new one after reauthentication. So tokens of the old session, including stolen
 * copies, never become fresh (OWASP ASVS 5.0, 7.2.4). It is the same sign-in and keeps its expiry.
 * @throws Problem whatever `rest` throws
 */
export async function replaceSession(call: SignedInCall, proof: Proof): Promise<Grant> {
  const { now } = call
  const { id, user_id } = call.session
  const { roles } = proof.user
  const own = sql`id = ${id} AND user_id = ${user_id} AND ${standing(call)}`
  const session_id = randomId()
  const started = sql`EXISTS (SELECT 1 FROM sessions WHERE id = ${session_id})`
  const again = Object.fromEntries(proof.methods.map((name) => [name, now]))
  const before = sql`iif(shown = '{}', json_object(${PASSWORD}, auth_time), shown)`
  const [rows] = await rest(call, proof, (mine) => [
    sql`INSERT INTO sessions
      (id, user_id, created_at, auth_time, refreshed_at, expires_at, tokens_until, methods, shown, ip, country,
       user_agent)
      SELECT ${session_id}, user_id, created_at, ${now}, ${now}, expires_at,
             min(expires_at, ${tokensUntil(call)}), methods, json_patch(${before}, ${JSON.stringify(again)}), ip,
             country, user_agent
      FROM sessions WHERE ${own} AND EXISTS (SELECT 1 FROM users WHERE ${mine})
      RETURNING id, expires_at, auth_time, shown`,
    auditRow(call, { event: 'reauthenticated', user_id, session_id }, started),
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
