import { type Sql, sql } from '../lib/sql.ts'
import { type AuditEvent, auditRow, type Client } from './audit.ts'
import { Problem } from './problem.ts'
import { commit, isUnrevoked, revokeSessions } from './sessions.ts'

/** The role that opens `/admin`. */
export const ADMIN = 'admin'

/** What a role may be called: it travels in every token of its bearer. */
export const ROLE_FORM = /^[a-z][a-z0-9_-]{0,31}$/
export const MAX_ROLES = 16

/**
 * Whether a row of `users` may lose what makes it an admin: it is none who could sign in, or another one could. Who has no
 * password just now counts, because a mail sets one; who never confirmed the address does not.
 */
export const mayLoseAdmin: Sql = sql`(
  users.disabled_at IS NOT NULL OR users.email_verified = 0
  OR NOT EXISTS (SELECT 1 FROM json_each(users.roles) WHERE value = ${ADMIN})
  OR EXISTS (SELECT 1 FROM users AS other, json_each(other.roles) AS role
    WHERE other.roles <> '[]' AND role.value = ${ADMIN} AND other.id <> users.id
      AND other.disabled_at IS NULL AND other.email_verified = 1))`

/** Roles as the table holds them: each once, in one order. */
export const roleList = (roles: string[]): string => JSON.stringify([...new Set(roles)].sort())

/**
 * Keeps somebody from signing in, and ends what is signed in. Doing it twice is the same as once.
 * @throws Problem 404 `not_found`, 409 `last_admin`, 503 `unavailable`
 */
export async function disableUser(db: D1Database, id: number, by: Client, now: number): Promise<void> {
  await change(db, id, by, now, {
    event: 'user_disabled',
    pending: sql`disabled_at IS NULL`,
    may: mayLoseAdmin,
    endSessions: true,
    to: (chosen) => sql`UPDATE users SET disabled_at = ${now} WHERE ${chosen}`,
  })
}

/** Lets somebody sign in again; twice is the same as once. @throws Problem 404 `not_found`, 503 `unavailable` */
export async function enableUser(db: D1Database, id: number, by: Client, now: number): Promise<void> {
  await change(db, id, by, now, {
    event: 'user_enabled',
    pending: sql`disabled_at IS NOT NULL`,
    to: (chosen) => sql`UPDATE users SET disabled_at = NULL WHERE ${chosen}`,
  })
}

/**
 * Gives somebody exactly these roles; twice is the same as once. Tokens that are out keep the old ones until they expire;
 * `roleRequired` does not look at those.
 * @throws Problem 404 `not_found`, 409 `last_admin`, 503 `unavailable`
 */
export async function setRoles(db: D1Database, id: number, roles: string[], by: Client, now: number): Promise<void> {
  const list = roleList(roles)
  await change(db, id, by, now, {
    event: 'roles_changed',
    pending: sql`roles <> ${list}`,
    ...(!roles.includes(ADMIN) && { may: mayLoseAdmin }),
    to: (chosen) => sql`UPDATE users SET roles = ${list} WHERE ${chosen}`,
  })
}

/**
 * Gives and takes roles, whatever the others are: two operators at once lose neither's change.
 * @throws Problem 404 `not_found`, 409 `last_admin`, 503 `unavailable`
 */
export async function adjustRoles(
  db: D1Database,
  id: number,
  { add, remove }: { add: string[]; remove: string[] },
  by: Client,
  now: number,
): Promise<void> {
  const [given, taken] = [JSON.stringify(add), JSON.stringify(remove)]
  const adjusted = sql`(SELECT json_group_array(value) FROM (
    SELECT value FROM json_each(users.roles) UNION SELECT value FROM json_each(${given})
    EXCEPT SELECT value FROM json_each(${taken}) ORDER BY value))`
  await change(db, id, by, now, {
    event: 'roles_changed',
    pending: sql`roles <> ${adjusted}`,
    ...(remove.includes(ADMIN) && { may: mayLoseAdmin }),
    to: (chosen) => sql`UPDATE users SET roles = ${adjusted} WHERE ${chosen}`,
  })
}

/** Ends every session of somebody; twice is the same as once. @throws Problem 404 `not_found`, 503 `unavailable` */
export async function endSessionsOf(db: D1Database, id: number, by: Client, now: number): Promise<void> {
  const pending = isUnrevoked(sql`user_id = ${id}`)
  await change(db, id, by, now, { event: 'sessions_revoked', pending, endSessions: true })
}

/**
 * Deletes an account with everything that refers to it; the audit trail keeps its number, which nobody gets again. Gives
 * the address that it had, of which a doorkeeper may still know something.
 * @throws Problem 404 `not_found`, 409 `last_admin`, 503 `unavailable`
 */
export const deleteUser = (db: D1Database, id: number, by: Client, now: number): Promise<string> =>
  change(db, id, by, now, {
    event: 'account_deleted',
    pending: sql`TRUE`,
    may: mayLoseAdmin,
    endSessions: true,
    to: (chosen) => sql`DELETE FROM users WHERE ${chosen}`,
  })

/** `pending`: the row is not yet as it should be. `may`: it is allowed to become so. `to`: the statement that makes it so. */
type Change = {
  event: AuditEvent['event']
  pending: Sql
  may?: Sql
  endSessions?: boolean
  to?: (chosen: Sql) => Sql
}

/** One batch, which also reads why it changed nothing: asked afterwards, the answer could be another one. */
async function change(
  db: D1Database,
  id: number,
  by: Client,
  now: number,
  { event, pending, may = sql`TRUE`, endSessions = false, to }: Change,
): Promise<string> {
  const chosen = sql`id = ${id} AND ${pending} AND ${may}`
  const allowed = sql`EXISTS (SELECT 1 FROM users WHERE ${chosen})`
  const [found] = await commit(db, [
    sql`SELECT id, email, ${pending} AND NOT ${may} AS refused FROM users WHERE id = ${id}`,
    auditRow({ event, user_id: id }, by, now, allowed),
    ...(endSessions ? [revokeSessions(sql`user_id = ${id} AND ${allowed}`, now)] : []),
    ...(to ? [to(chosen)] : []),
  ])
  const [user] = found as unknown as { email: string; refused: number }[]
  if (!user) throw new Problem('not_found')
  if (user.refused) throw new Problem('last_admin')
  return user.email
}
