import { type Sql, sql } from '../lib/sql.ts'
import { type AuditEvent, auditRow, type Client } from './audit.ts'
import { Problem } from './problem.ts'
import { commit, revokeSessions } from './sessions.ts'
import { findUser } from './users.ts'

/** The role that opens `/admin`. */
export const ADMIN = 'admin'

/** What a role may be called: it travels in every token of its bearer. */
export const ROLE_FORM = /^[a-z][a-z0-9_-]{0,31}$/
export const MAX_ROLES = 16

/** Whether a row of `users` may lose what makes it an admin: it has none of it, or another one that can sign in has. */
export const mayLoseAdmin: Sql = sql`(
  NOT EXISTS (SELECT 1 FROM json_each(users.roles) WHERE value = ${ADMIN})
  OR users.disabled_at IS NOT NULL
  OR EXISTS (SELECT 1 FROM users AS other, json_each(other.roles) AS role
    WHERE other.roles <> '[]' AND role.value = ${ADMIN} AND other.id <> users.id AND other.disabled_at IS NULL))`

/**
 * Keeps somebody from signing in, and ends what is signed in. Doing it twice is the same as once.
 * @throws Problem 404 `not_found`, 409 `last_admin`, 503 `unavailable`
 */
export const disableUser = (db: D1Database, id: number, by: Client, now: number): Promise<void> =>
  change(db, id, by, now, {
    event: 'user_disabled',
    pending: sql`disabled_at IS NULL`,
    may: mayLoseAdmin,
    set: sql`disabled_at = ${now}`,
    endSessions: true,
  })

/** Lets somebody sign in again. @throws Problem 404 `not_found`, 503 `unavailable` */
export const enableUser = (db: D1Database, id: number, by: Client, now: number): Promise<void> =>
  change(db, id, by, now, {
    event: 'user_enabled',
    pending: sql`disabled_at IS NOT NULL`,
    set: sql`disabled_at = NULL`,
  })

/**
 * Gives somebody exactly these roles. Tokens that are out keep the old ones until they expire; `roleRequired` does not
 * look at those.
 * @throws Problem 404 `not_found`, 409 `last_admin`, 503 `unavailable`
 */
export function setRoles(db: D1Database, id: number, roles: string[], by: Client, now: number): Promise<void> {
  const list = JSON.stringify([...new Set(roles)].sort())
  return change(db, id, by, now, {
    event: 'roles_changed',
    pending: sql`roles <> ${list}`,
    ...(!roles.includes(ADMIN) && { may: mayLoseAdmin }),
    set: sql`roles = ${list}`,
  })
}

/** Ends every session of somebody. @throws Problem 404 `not_found`, 503 `unavailable` */
export const endSessionsOf = (db: D1Database, id: number, by: Client, now: number): Promise<void> =>
  change(db, id, by, now, { event: 'sessions_revoked', pending: sql`TRUE`, set: sql`id = id`, endSessions: true })

/**
 * Deletes an account with everything that refers to it; the audit trail keeps its number, which nobody gets again.
 * @throws Problem 404 `not_found`, 409 `last_admin`, 503 `unavailable`
 */
export async function deleteUser(db: D1Database, id: number, by: Client, now: number): Promise<void> {
  const chosen = sql`id = ${id} AND ${mayLoseAdmin}`
  const allowed = sql`EXISTS (SELECT 1 FROM users WHERE ${chosen})`
  const results = await commit(db, [
    auditRow({ event: 'account_deleted', user_id: id }, by, now, allowed),
    revokeSessions(sql`user_id = ${id} AND ${allowed}`, now),
    sql`DELETE FROM users WHERE ${chosen} RETURNING id`,
  ])
  if (results.at(-1)?.length !== 1) await refuse(db, id, sql`TRUE`)
}

/** `pending`: the rows that are not yet as they should be. `may`: those of them that are allowed to become so. */
type Change = { event: AuditEvent['event']; pending: Sql; may?: Sql; set: Sql; endSessions?: boolean }

async function change(
  db: D1Database,
  id: number,
  by: Client,
  now: number,
  { event, pending, may = sql`TRUE`, set, endSessions = false }: Change,
): Promise<void> {
  const chosen = sql`id = ${id} AND ${pending} AND ${may}`
  const allowed = sql`EXISTS (SELECT 1 FROM users WHERE ${chosen})`
  const results = await commit(db, [
    auditRow({ event, user_id: id }, by, now, allowed),
    ...(endSessions ? [revokeSessions(sql`user_id = ${id} AND ${allowed}`, now)] : []),
    sql`UPDATE users SET ${set} WHERE ${chosen} RETURNING id`,
  ])
  if (results.at(-1)?.length !== 1) await refuse(db, id, pending)
}

/** Why nothing changed. A change that was made already is none to refuse. */
async function refuse(db: D1Database, id: number, pending: Sql): Promise<void> {
  if (!(await findUser(db, sql`id = ${id}`))) throw new Problem('not_found')
  if (await findUser(db, sql`id = ${id} AND ${pending}`)) throw new Problem('last_admin')
}
