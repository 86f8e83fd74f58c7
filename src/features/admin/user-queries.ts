import * as v from 'valibot'
import type { Call, Method } from '../../core/call.ts'
import { type Application, listedApplications } from '../../core/clients/consents.ts'
import { all, batch } from '../../core/d1.ts'
import { lastOf } from '../../core/events/audit.ts'
import { listedSessions, type ListedSession, standing } from '../../core/sessions/sessions.ts'
import { factorsIn } from '../../core/users/factors.ts'
import { invitedUntil, mayBeInvited } from '../../core/users/invitations.ts'
import { isOfEpoch } from '../../core/users/one-time.ts'
import { roleName } from '../../core/users/roles.ts'
import { isPossession } from '../../core/users/ways.ts'
import { pageOf } from '../../lib/cursor.ts'
import { asciiLower, isDomain } from '../../lib/email.ts'
import { anyOf, type Sql, sql } from '../../lib/sql.ts'
import { Problem } from '../../problem.ts'
import type { UserFilter } from './parameters.ts'

/** A user as an admin sees it. `invited_until`: until when an invitation that was not accepted works, or worked. */
export type ListedUser = {
  user_id: number
  email: string
  email_verified: boolean
  roles: string[]
  disabled_at: number | null
  created_at: number
  last_login_at: number | null
  invited_until: number | null
}
export type ListedRow = Omit<ListedUser, 'email_verified' | 'roles'> & { email_verified: number; roles: string }

type Json = Pick<ListedUser, 'email_verified' | 'roles'>

export const LISTED = sql`users.id AS user_id, email, email_verified, roles, disabled_at, created_at,
  ${lastOf('login_succeeded')} AS last_login_at, ${invitedUntil} AS invited_until`

export const listed = <R extends ListedRow>(row: R): Omit<R, keyof Json> & Json => ({
  ...row,
  email_verified: row.email_verified === 1,
  roles: JSON.parse(row.roles) as string[],
})

/** Sorts after every text that starts with a prefix: no address contains the last code point. */
const END = '\u{10ffff}'

/** The domain of an address, as the index `users_domain` has it. */
const DOMAIN = sql`substr(canonical_email, instr(canonical_email, '@') + 1)`

/** What to read the users from, and in which order. */
type Order = { from: Sql; key: Sql }

/**
 * A page of users, ordered by address if the beginning of one is given, otherwise by id. Rows that are added or removed
 * between pages do not shift the others. It reads the index of the most selective filter, and tests the other filters on
 * the users that it finds: alone, a filter reads as many index rows as it returns. There are two exceptions. A role reads
 * all users who have any, and `factor=none` also reads those who have one.
 * @throws Problem 422 `invalid_query` if there is no such factor, `unavailable`
 */
export async function usersPage(db: D1Database, filter: UserFilter, methods: readonly Method[]) {
  const { email, cursor, limit } = filter
  const owned = owners(filter, methods)
  const { from, key } = orderOf(filter, owned)
  const byAddress = email !== undefined && !isDomain(email)
  const start = cursor === undefined ? sql`${key} >= ${byAddress ? email : 0}` : sql`${key} > ${cursor}`
  const conditions = [
    start,
    ...(byAddress ? [sql`canonical_email < ${email + END}`] : []),
    ...(isDomain(email) ? [sql`${DOMAIN} = ${email.slice(1)}`] : []),
    ...(filter.role === undefined ? [] : [hasRole(filter.role)]),
    ...(filter.disabled ? [sql`disabled_at IS NOT NULL`] : []),
    ...(filter.unverified ? [sql`email_verified = 0`] : []),
    ...(filter.invited ? [sql`EXISTS (SELECT 1 FROM invitations WHERE user_id = users.id)`] : []),
    ...(owned ? [owned.condition] : []),
  ]
  const chosen = conditions.reduce((all, one) => sql`${all} AND ${one}`)
  const found = await all<ListedRow>(
    db,
    sql`SELECT ${LISTED} FROM ${from} WHERE ${chosen} ORDER BY ${key} LIMIT ${limit + 1}`,
  )
  const page = pageOf(found, limit, (row) => (byAddress ? asciiLower(row.email) : row.user_id))
  return { users: page.rows.map(listed), next: page.next }
}

const hasRole = (role: string): Sql =>
  sql`roles <> '[]' AND EXISTS (SELECT 1 FROM json_each(users.roles) WHERE value = ${role})`

function orderOf({ email, role, disabled, unverified, invited }: UserFilter, owned: Owned | undefined): Order {
  const key = email === undefined || isDomain(email) ? sql`users.id` : sql`canonical_email`
  const by = (index: Sql): Order => ({ from: sql`users INDEXED BY ${index}`, key })
  if (role !== undefined) return by(sql`users_with_roles`)
  if (email !== undefined && !isDomain(email)) return by(sql`users_canonical_email`)
  if (disabled) return by(sql`users_disabled_at`)
  if (invited) return those([sql`SELECT user_id FROM invitations`])
  if (unverified) return by(sql`users_unverified`)
  if (email !== undefined) return by(sql`users_domain`)
  return owned && owned.lists.length > 0 ? those(owned.lists) : { from: sql`users`, key }
}

/** The users in these lists, each once. SQLite merges lists that come from an index in order, so it reads no more than a page. */
const those = (lists: readonly Sql[]): Order => ({
  from: sql`(${lists.reduce((union, list) => sql`${union} UNION ${list}`, sql`SELECT NULL AS owner WHERE FALSE`)})
    CROSS JOIN users ON users.id = owner`,
  key: sql`owner`,
})

type Owned = { condition: Sql; lists: Sql[] }

/** The users that a filter by factor means. `any` and `none` are about second factors: an identity at a provider is none. */
function owners({ factor }: UserFilter, methods: readonly Method[]): Owned | undefined {
  if (factor === undefined) return undefined
  const group = factor === 'any' || factor === 'none'
  const chosen = methods.filter((method) => method.factors && (group ? isPossession(method) : method.name === factor))
  if (chosen.length === 0) throw new Problem('invalid_query', { errors: [{ field: 'factor', code: 'malformed' }] })
  const has = anyOf(chosen.map(({ ways }) => sql`${ways} > 0`))
  if (factor === 'none') return { condition: sql`NOT ${has}`, lists: [] }
  return { condition: has, lists: chosen.map(({ factors }) => factors!.owners) }
}

type Details = ListedRow & {
  name: string | null
  language: string | null
  password_set_at: number | null
  has_password: number
  second_factor: number
  may_be_invited: number
  pending: string | null
  live_sessions: number
}

/** One user, with everything that the account has. One batch. @throws Problem 404 `not_found`, `unavailable` */
export async function userDetails(call: Call, id: number) {
  const live = sql`SELECT count(*) FROM sessions WHERE user_id = users.id AND ${standing(call)}`
  const pending = sql`SELECT json_object('email', one_time_tokens.email, 'expires_at', expires_at) FROM one_time_tokens
    WHERE user_id = users.id AND purpose = 'email_change' AND expires_at > ${call.now} AND ${isOfEpoch}`
  const factors = factorsIn(call.registry.methods, id)
  const [rows, sessions, applications, ...owned] = await batch(call.env.DB, [
    sql`SELECT ${LISTED}, name, language, password_set_at, hashed_password IS NOT NULL AS has_password, second_factor,
        ${mayBeInvited} AS may_be_invited, (${pending}) AS pending, (${live}) AS live_sessions
      FROM users WHERE id = ${id}`,
    listedSessions(call, id),
    listedApplications(call, id),
    ...factors.statements,
  ])
  const row = rows![0] as Details | undefined
  if (!row) throw new Problem('not_found')
  const { may_be_invited, pending: change, ...user } = row
  return {
    details: {
      ...listed(user),
      has_password: user.has_password === 1,
      second_factor: user.second_factor === 1,
      email_change: change === null ? null : (JSON.parse(change) as { email: string; expires_at: number }),
      ...factors.listed(owned),
      applications: applications as Application[],
      sessions: sessions as ListedSession[],
    },
    mayBeInvited: may_be_invited === 1,
  }
}

export type UserDetails = Awaited<ReturnType<typeof userDetails>>['details']

/** Rows and roles up to which those in use are offered. More would be no choice. */
const [ROWS_WITH_ROLES, ROLES_OFFERED] = [1_000, 30]

/** Roles that users have, in no order: of the first users who have any. @throws Problem `unavailable` */
export async function knownRoles(db: D1Database): Promise<string[]> {
  const some = sql`SELECT roles FROM users INDEXED BY users_with_roles WHERE roles <> '[]' ORDER BY id LIMIT ${ROWS_WITH_ROLES}`
  const found = await all<{ role: string }>(
    db,
    sql`SELECT DISTINCT value AS role FROM (${some}) AS some, json_each(some.roles) LIMIT ${ROLES_OFFERED}`,
  )
  return found
    .map(({ role }) => role)
    .filter((role) => v.is(roleName, role))
    .sort()
}
