import { asciiLower, canonicalEmail } from '../lib/email.ts'
import { type Sql, sql } from '../lib/sql.ts'
import { first } from './d1.ts'
import type { StoredPassword } from './passwords.ts'

export type User = StoredPassword & {
  id: number
  email: string
  email_verified: boolean
  disabled_at: number | null
  roles: string[]
  created_at: number
}

type UserRow = Omit<User, 'email_verified' | 'roles'> & { email_verified: number; roles: string }

const COLUMNS = sql`id, email, hashed_password, password_set_at, email_verified, disabled_at, roles, created_at`

/**
 * The condition for the row that signs in with this address. A row that was inserted from outside may hold an
 * international domain as its owner typed it, so both spellings are looked up. The confirmed row wins, then the
 * older: whoever registers the other spelling must not stand in front of it.
 */
export function hasEmail(email: string): Sql {
  const canonical = canonicalEmail(email)
  const spellings = sql`canonical_email IN (${canonical}, ${asciiLower(email)})`
  return sql`id = (SELECT id FROM users WHERE ${spellings} ORDER BY email_verified DESC, id LIMIT 1)`
}

/** @throws Problem `unavailable` */
export async function findUser(db: D1Database, condition: Sql): Promise<User | undefined> {
  const row = await first<UserRow>(db, sql`SELECT ${COLUMNS} FROM users WHERE ${condition}`)
  return row
    ? { ...row, email_verified: row.email_verified === 1, roles: JSON.parse(row.roles) as string[] }
    : undefined
}

/**
 * Whether a token that another application signed for this user may still count: the account is there, and nobody has set
 * a password or disabled it here, which would have ended a session. @throws Problem `unavailable`
 */
export const isUnchangedSinceImport = async (db: D1Database, id: number): Promise<boolean> =>
  (await first(db, sql`SELECT 1 FROM users WHERE id = ${id} AND disabled_at IS NULL AND password_set_at IS NULL`)) !==
  null

/** Replaces a hash that has just been checked by one of the same password, unless somebody changed it meanwhile. */
export const replaceHash = (user: User, hash: string): Sql =>
  sql`UPDATE users SET hashed_password = ${hash} WHERE id = ${user.id} AND hashed_password = ${user.hashed_password}`
