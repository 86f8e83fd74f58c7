import type { Config } from '../config.ts'
import { randomId } from '../lib/bytes.ts'
import { type Sql, sql } from '../lib/sql.ts'
import { auditRow, type Client } from './audit.ts'
import { all, batch, first } from './d1.ts'
import { Problem } from './problem.ts'
import { noteRevoked } from './revocations.ts'
import type { User } from './users.ts'

/** What a verified access token says about its bearer. */
export type Session = {
  id: string
  user_id: number
  auth_time: number
  expires_at: number
  roles: string[]
}

/** The id of whoever comes with a token of the old application: of no row, so guards that ask the database refuse it. */
export const LEGACY_SESSION = 'legacy'

/** A session from which tokens may be made: the refresh token's generation goes with it. */
export type Grant = Pick<Session, 'id' | 'user_id' | 'auth_time' | 'expires_at' | 'roles'> & { generation: number }

/**
 * No access token of a session that was last refreshed now outlives this, nor the session. Inside the grace a token may
 * be signed without a write, so the grace is part of it.
 */
export const tokensUntil = (config: Config, now: number): number =>
  now + config.ACCESS_TOKEN_TTL_SECONDS + config.REFRESH_GRACE_SECONDS

type Start = { user: User; client: Client; now: number; alongside?: Sql[] }

/**
 * Starts a session: its row, its audit row and whatever else the login changes, in one batch. A token may be signed
 * only after this has answered. Comparing a password takes its time: who was disabled meanwhile, or has another
 * password by now, gets none, because whatever ended the other sessions could not see this one.
 * @throws Problem 401 `invalid_credentials`; 503 `unavailable`, and then nobody holds a token for what was started
 */
export async function startSession(
  db: D1Database,
  config: Config,
  { user, client, now, alongside = [] }: Start,
): Promise<Grant> {
  const { id: user_id, roles } = user
  const grant = {
    id: randomId(),
    user_id,
    auth_time: now,
    expires_at: now + config.SESSION_TTL_SECONDS,
    roles,
    generation: 0,
  }
  const { ip, country, user_agent } = client
  // Not by the hash: another login of the same moment may have made an imported one dearer.
  const row = sql`INSERT INTO sessions
    (id, user_id, created_at, auth_time, refreshed_at, expires_at, tokens_until, ip, country, user_agent)
    SELECT ${grant.id}, id, ${now}, ${now}, ${now}, ${grant.expires_at},
           ${Math.min(grant.expires_at, tokensUntil(config, now))},
           ${ip}, ${country}, ${user_agent}
    FROM users
    WHERE id = ${user_id} AND password_set_at IS ${user.password_set_at} AND disabled_at IS ${user.disabled_at}
    RETURNING id`
  const started = sql`EXISTS (SELECT 1 FROM sessions WHERE id = ${grant.id})`
  const event = { event: 'login_succeeded', user_id, session_id: grant.id } as const
  const [rows] = await batch(db, [row, auditRow(event, client, now, started), ...alongside])
  if (rows?.length !== 1) throw new Problem('invalid_credentials')
  return grant
}

/** The session as its rows stand now, for guards that may not be a few seconds late; undefined when it has ended. */
export async function liveSession(db: D1Database, session: Session, now: number): Promise<Session | undefined> {
  const query = sql`SELECT auth_time, roles FROM sessions JOIN users ON users.id = user_id
    WHERE sessions.id = ${session.id} AND user_id = ${session.user_id}
      AND revoked_at IS NULL AND expires_at > ${now} AND disabled_at IS NULL`
  const row = await first<{ auth_time: number; roles: string }>(db, query)
  return row ? { ...session, auth_time: row.auth_time, roles: JSON.parse(row.roles) as string[] } : undefined
}

/** Not revoked, not over, not idle for too long. */
export const standing = (config: Config, now: number): Sql =>
  sql`revoked_at IS NULL AND expires_at > ${now} AND refreshed_at > ${now - config.SESSION_IDLE_SECONDS}`

export type ListedSession = {
  id: string
  created_at: number
  refreshed_at: number
  user_agent: string | null
  ip: string | null
  country: string | null
}

/** The sessions of a user that still stand, the newest first, and not more than a hundred. */
export const sessionsOf = (db: D1Database, config: Config, user_id: number, now: number): Promise<ListedSession[]> =>
  all(
    db,
    sql`SELECT id, created_at, refreshed_at, user_agent, ip, country FROM sessions
      WHERE user_id = ${user_id} AND ${standing(config, now)} ORDER BY created_at DESC LIMIT 100`,
  )

/**
 * The statement that ends every session which a condition names. The schema publishes each to the revoked set; run it
 * through `commit`, so that this isolate knows at once.
 */
export const revokeSessions = (condition: Sql, now: number): Sql =>
  sql`UPDATE sessions SET revoked_at = ${now} WHERE revoked_at IS NULL AND ${condition} RETURNING id, tokens_until`

/** Whether a session that a condition names is not ended yet: for what goes along with its end, once. */
export const isUnrevoked = (condition: Sql): Sql =>
  sql`EXISTS (SELECT 1 FROM sessions WHERE revoked_at IS NULL AND ${condition})`

/**
 * Runs a change as one batch. Sessions that a `revokeSessions` in it ended count in this isolate at once.
 * @throws Problem `unavailable`
 */
export async function commit(db: D1Database, statements: Sql[]): Promise<Row[][]> {
  const results = await batch<Row>(db, statements)
  noteRevoked(db, results.flat().filter(isRevokedSession))
  return results
}

type Row = { id: number | string; tokens_until?: number }

const isRevokedSession = (row: Row): row is { id: string; tokens_until: number } => row.tokens_until !== undefined
