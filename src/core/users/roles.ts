import { type Sql, sql } from '../../lib/sql.ts'

/** The role that opens `/admin`. */
export const ADMIN = 'admin'

/** The allowed names of roles. They are short, because every token of the user contains them. */
export const ROLE_FORM = /^[a-z][a-z0-9_-]{0,31}$/
export const MAX_ROLES = 16

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
