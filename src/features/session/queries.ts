import type { Config } from '../../config.ts'
import type { RefreshName } from '../../core/refresh-tokens.ts'
import { batch } from '../../core/d1.ts'
import { type Grant, type Session, standing, tokensUntil } from '../../core/sessions.ts'
import { type Sql, sql } from '../../lib/sql.ts'

/** A session after a refresh token of it was shown. */
export type RefreshedSession = Grant & {
  rotated: boolean
  refreshed_at: number
  ip: string | null
  user_agent: string | null
}

/** Never earlier than before: tokens from before a setting was shortened are still out. */
const laterTokens = (config: Config, now: number): Sql =>
  sql`min(expires_at, max(tokens_until, ${tokensUntil(config, now)}))`

/**
 * Moves a session to the generation after the one that was shown, if that is the current one and was not made within
 * the grace, or is one that a restored database has not heard of yet. Gives the session as it then stands.
 */
export async function rotate(
  db: D1Database,
  config: Config,
  { session_id, generation }: RefreshName,
  now: number,
): Promise<RefreshedSession | undefined> {
  const rotation = sql`UPDATE sessions
    SET generation = ${generation + 1}, refreshed_at = ${now}, tokens_until = ${laterTokens(config, now)}
    WHERE id = ${session_id} AND ${standing(config, now)} AND generation <= ${generation}
      AND (generation < ${generation} OR generation = 0 OR refreshed_at <= ${now - config.REFRESH_GRACE_SECONDS})
    RETURNING id`
  const state = sql`SELECT sessions.id, user_id, auth_time, expires_at, generation, refreshed_at, ip, user_agent, roles
    FROM sessions JOIN users ON users.id = user_id
    WHERE sessions.id = ${session_id} AND ${standing(config, now)} AND disabled_at IS NULL`
  const [rotated, rows] = await batch<RefreshedSession & { roles: string }>(db, [rotation, state])
  const row = rows?.[0]
  return row && { ...row, roles: JSON.parse(row.roles) as string[], rotated: rotated?.length === 1 }
}

/**
 * Records that the password was typed just now, and whatever goes `alongside` a session that still stands; undefined
 * when it has ended meanwhile.
 */
export async function markFresh(
  db: D1Database,
  config: Config,
  { id, user_id }: Session,
  now: number,
  alongside: (stands: Sql) => Sql[],
): Promise<{ generation: number; expires_at: number } | undefined> {
  const own = sql`id = ${id} AND user_id = ${user_id} AND ${standing(config, now)}`
  const update = sql`UPDATE sessions SET auth_time = ${now}, tokens_until = ${laterTokens(config, now)}
    WHERE ${own} RETURNING generation, expires_at`
  const statements = [update, ...alongside(sql`EXISTS (SELECT 1 FROM sessions WHERE ${own})`)]
  const [rows] = await batch<{ generation: number; expires_at: number }>(db, statements)
  return rows?.[0]
}
