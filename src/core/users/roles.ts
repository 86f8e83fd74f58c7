import * as v from 'valibot'
import { type Sql, sql } from '../../lib/sql.ts'
import { CHALLENGE, Problem } from '../../problem.ts'

/** The role that opens all of `/admin` and `/console`. */
export const ADMIN = 'admin'

/** The role that reads there, ends sessions and mails again, and gives nobody power. `admin` includes it. */
export const SUPPORT = 'support'

/** Whether a user with these roles may do what a role may. */
export const hasRole = (roles: readonly string[], role: string): boolean =>
  roles.includes(role) || (role === SUPPORT && roles.includes(ADMIN))

/** @throws Problem 403 `insufficient_role`, with the challenge of RFC 6750 section 3.1 */
export function requireRole(roles: readonly string[], role: string): void {
  if (!hasRole(roles, role)) throw lacksRole()
}

export const lacksRole = (): Problem =>
  new Problem('insufficient_role', { headers: { 'WWW-Authenticate': `${CHALLENGE}, error="insufficient_scope"` } })

/** The condition that a row of `users` has a role of `/admin`. */
export const hasPower: Sql = sql`EXISTS (SELECT 1 FROM json_each(users.roles) WHERE value IN (${ADMIN}, ${SUPPORT}))`

/** The allowed names of roles. They are short, because every token of the user contains them. */
const ROLE_FORM = /^[a-z][a-z0-9_-]{0,31}$/
export const MAX_ROLES = 16

const NOT_A_ROLE = 'not_a_role: A role has at most 32 small letters, digits, - and _, and begins with a letter.'
const TOO_MANY_ROLES = `too_many_roles: A user has at most ${MAX_ROLES} roles.`

export const roleName = v.pipe(v.string(), v.regex(ROLE_FORM, NOT_A_ROLE))
export const roleNames = v.pipe(v.array(roleName), v.maxLength(MAX_ROLES, TOO_MANY_ROLES))

/**
 * True if taking the admin role from this user is safe: the user cannot sign in anyway, or another admin can. A user
 * without a password still counts, because a mailed link can set one. A user whose address is unconfirmed does not.
 */
export const mayLoseAdmin: Sql = sql`(
  users.disabled_at IS NOT NULL OR users.email_verified = 0
  OR NOT EXISTS (SELECT 1 FROM json_each(users.roles) WHERE value = ${ADMIN})
  OR EXISTS (SELECT 1 FROM users AS other, json_each(other.roles) AS role
    WHERE other.roles <> '[]' AND role.value = ${ADMIN} AND other.id <> users.id
      AND other.disabled_at IS NULL AND other.email_verified = 1))`

/** Roles as stored: without duplicates, in a fixed order. */
export const roleList = (roles: string[]): string => JSON.stringify([...new Set(roles)].sort())
