import { randomId } from '../../lib/bytes.ts'
import { type Sql, sql } from '../../lib/sql.ts'
import { type AuditEvent, auditRow } from '../events/audit.ts'
import type { Call, DatabaseCall, SignedInCall } from '../call.ts'
import { all, batch, first } from '../d1.ts'
import { Problem } from '../../problem.ts'
import { noteRevoked } from './revocations.ts'
import type { Session } from './session.ts'
import { raiseEpoch, type User } from '../users/users.ts'
import { acrOf, PASSWORD, secondAt, type Way } from '../users/ways.ts'

/** When each method was last shown in a session, by name. Seconds. */
export type Shown = Record<string, number>

/** A session that tokens may be issued for, with the generation of its refresh token. */
export type Grant = Pick<Session, 'id' | 'user_id' | 'auth_time' | 'expires_at' | 'roles'> & {
  generation: number
  shown: Shown
}

/** What a session's column `shown` says. A Worker older than the column knew only the password. */
export function shownIn({ shown, auth_time }: { shown: string; auth_time: number }): Shown {
  return shown === '{}' ? { [PASSWORD]: auth_time } : (JSON.parse(shown) as Shown)
}

/** The same in SQL, for a session that takes over what was shown in another one. */
export const storedShown: Sql = sql`iif(shown = '{}', json_object(${PASSWORD}, auth_time), shown)`

/**
 * The time at which the last access token of a session refreshed now expires, unless the session ends earlier. Within
 * the grace period a token may be signed without a write, so the period is included.
 */
export const tokensUntil = ({ settings, now }: Call): number =>
  now + settings.ACCESS_TOKEN_TTL_SECONDS + settings.REFRESH_GRACE_SECONDS

/** A session that begins now, by these methods. Sign its tokens only after its row is written. */
export function newSession({ now, settings }: Call, { id: user_id, roles }: User, methods: readonly string[]): Grant {
  return {
    id: randomId(),
    user_id,
    auth_time: now,
    expires_at: now + settings.SESSION_TTL_SECONDS,
    roles,
    generation: 0,
    shown: Object.fromEntries(methods.map((name) => [name, now])),
  }
}

/** A session that a browser had before it signs in again. */
export type Former = Pick<Session, 'id'>

/** `mine`: the condition that finds the user's row. `instead`: this browser's former session, which ends. */
type Start = { mine: Sql; instead?: Former | undefined }

/**
 * The statements that start a session, with its audit row. The first returns a row if the session began. Verifying a
 * method takes time. If all sessions of the user were ended meanwhile, this one does not begin, because they were ended
 * without it.
 */
export function startSession(call: Call, grant: Grant, { mine, instead }: Start): Sql[] {
  const { now } = call
  const { id, user_id, expires_at, shown } = grant
  const methods = JSON.stringify(Object.keys(shown))
  const { ip, country, user_agent } = call.origin
  const started = sql`EXISTS (SELECT 1 FROM sessions WHERE id = ${id})`
  return [
    sql`INSERT INTO sessions
      (id, user_id, created_at, auth_time, refreshed_at, expires_at, tokens_until, methods, shown, ip, country,
       user_agent)
      SELECT ${id}, id, ${now}, ${now}, ${now}, ${expires_at}, ${Math.min(expires_at, tokensUntil(call))},
             ${methods}, ${JSON.stringify(shown)}, ${ip}, ${country}, ${user_agent}
      FROM users WHERE ${mine} RETURNING id`,
    auditRow(call, { event: 'login_succeeded', user_id, session_id: id }, started),
    ...(instead === undefined ? [] : endInstead(call, instead, { grant, started })),
  ]
}

/** If it was the same user's, that user has shown again who they are, so the sessions of clients stay (decision 031). */
function endInstead(call: Call, { id }: Former, { grant, started }: { grant: Grant; started: Sql }): Sql[] {
  const former = sql`id = ${id} AND ${started}`
  const user_id = sql`(SELECT user_id FROM sessions WHERE id = ${id})`
  const event = { event: 'logged_out', user_id, session_id: id } as const
  return [
    auditRow(call, event, isUnrevoked(former)),
    sql`UPDATE sessions SET parent_id = ${grant.id}
      WHERE parent_id = ${id} AND user_id = ${grant.user_id} AND ${isUnrevoked(former)}`,
    revokeSessions(call, former),
  ]
}

/**
 * The session as stored now, for guards that must not be a few seconds late; undefined if it has ended. `also`: a statement
 * that is run in the same call.
 */
export async function liveSession(
  db: D1Database,
  session: Session,
  { now, ways, also }: { now: number; ways: readonly Way[]; also?: Sql | undefined },
): Promise<Session | undefined> {
  const query = sql`SELECT auth_time, shown, roles, second_factor, hashed_password IS NOT NULL AS has_password
    FROM sessions JOIN users ON users.id = user_id
    WHERE sessions.id = ${session.id} AND user_id = ${session.user_id} AND ${isOwn}
      AND revoked_at IS NULL AND expires_at > ${now} AND disabled_at IS NULL`
  const row = also ? (await batch<LiveRow>(db, [also, query]))[1]?.[0] : await first<LiveRow>(db, query)
  if (!row) return undefined
  const shown = shownIn(row)
  const live = {
    password_at: shown[PASSWORD] ?? 0,
    second_at: secondAt(shown, ways),
    has_password: row.has_password === 1,
    second_factor: row.second_factor === 1,
  }
  const acr = acrOf(Object.keys(shown), ways)
  // A password that was removed since no longer counts. Otherwise whoever removes it could set another one.
  const auth_time = live.has_password ? row.auth_time : lastWithoutPassword(shown)
  return { ...session, auth_time, roles: JSON.parse(row.roles) as string[], acr, live }
}

const lastWithoutPassword = (shown: Shown): number => Math.max(0, ...Object.values({ ...shown, [PASSWORD]: 0 }))

type LiveRow = { auth_time: number; shown: string; roles: string; second_factor: number; has_password: number }

/**
 * Finds the session that a strict guard accepted, as long as it is still valid. Comparing a password takes time, and if
 * the session ends meanwhile, the change must not happen.
 */
export const stillLive = ({ session: { id, user_id }, now }: Pick<SignedInCall, 'session' | 'now'>): Sql =>
  sql`SELECT id FROM sessions
    WHERE id = ${id} AND user_id = ${user_id} AND ${isOwn} AND revoked_at IS NULL AND expires_at > ${now}`

/** Why a change did not happen although the password was right, given the rows of `stillLive` from the same batch. */
export const overtaken = (found: unknown[] | undefined): Problem =>
  new Problem(found?.length === 1 ? 'invalid_credentials' : 'invalid_token')

/** A session of this service itself. The session of a client opens that client's door alone. */
export const isOwn: Sql = sql`client_id IS NULL`

/** Not revoked, not expired, not idle for too long. */
export const standing = ({ settings, now }: Call): Sql =>
  sql`revoked_at IS NULL AND expires_at > ${now} AND refreshed_at > ${now - settings.SESSION_IDLE_SECONDS}`

export type ListedSession = {
  id: string
  created_at: number
  refreshed_at: number
  user_agent: string | null
  ip: string | null
  country: string | null
  /** The application that it belongs to, if any, and its name. */
  client_id: string | null
  client: string | null
}

/** The live sessions of a user, newest first, at most a hundred. */
export const sessionsOf = (call: Call, user_id: number): Promise<ListedSession[]> =>
  all(call.env.DB, listedSessions(call, user_id))

/** The statement that reads them. */
export const listedSessions = (call: Call, user_id: number): Sql =>
  sql`SELECT id, created_at, refreshed_at, user_agent, ip, country, client_id,
      (SELECT name FROM clients WHERE clients.id = client_id) AS client FROM sessions
    WHERE user_id = ${user_id} AND ${standing(call)} ORDER BY created_at DESC LIMIT 100`

/**
 * The statement that ends every session that a condition selects. A trigger publishes each one in the revocations. Run
 * it with `commit`, so that this isolate applies them at once. Another trigger puts into an outbox what clients must be told.
 */
export const revokeSessions = ({ now }: DatabaseCall, condition: Sql): Sql =>
  sql`UPDATE sessions SET revoked_at = ${now} WHERE revoked_at IS NULL AND ${condition}
    RETURNING id, tokens_until, ${OF_CLIENT} AS of_client`

/** Whether a session is a client's, or granted one. */
const OF_CLIENT = sql`client_id IS NOT NULL OR EXISTS (SELECT 1 FROM sessions AS granted WHERE granted.parent_id = sessions.id)`

/** The databases in which a session of a client ended here, and nobody has told the clients yet. */
const untold = new WeakSet<D1Database>()

/** Whether clients are to be told of ended sessions. Asking forgets it. */
export const takeUntold = (db: D1Database): boolean => untold.delete(db)

/** The statements that end all sessions of a user if `when` holds, and void logins under way and mailed links. */
export const endAll = (call: DatabaseCall, user_id: Sql | number, when: Sql = sql`TRUE`): Sql[] => [
  revokeSessions(call, sql`user_id = ${user_id} AND ${when}`),
  raiseEpoch(sql`id = ${user_id} AND ${when}`),
]

/**
 * Whether a session that the condition selects has not ended yet. For statements that belong to its end, exactly once.
 */
export const isUnrevoked = (condition: Sql): Sql =>
  sql`EXISTS (SELECT 1 FROM sessions WHERE revoked_at IS NULL AND ${condition})`

/** The statements that end the sessions that a condition selects, with one audit row if any of them had not ended. */
export const endRecorded = (call: DatabaseCall, event: AuditEvent, condition: Sql): [audit: Sql, end: Sql] => [
  auditRow(call, event, isUnrevoked(condition)),
  revokeSessions(call, condition),
]

/**
 * Runs a change as one batch. Sessions that a `revokeSessions` in it ended are revoked in this isolate at once.
 * @throws Problem `unavailable`
 */
export async function commit(db: D1Database, statements: Sql[]): Promise<Row[][]> {
  const results = await batch<Row>(db, statements)
  const ended = results.flat().filter(isRevokedSession)
  noteRevoked(db, ended)
  if (ended.some(({ of_client }) => of_client === 1)) untold.add(db)
  return results
}

export type Row = { id: number | string; tokens_until?: number; of_client?: number }

const isRevokedSession = (row: Row): row is { id: string; tokens_until: number; of_client?: number } =>
  row.tokens_until !== undefined
