import { asciiLower, canonicalEmail } from '../lib/email.ts'
import { answerOf } from './d1.ts'
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

const COLUMNS = 'id, email, hashed_password, password_set_at, email_verified, disabled_at, roles, created_at'

/**
 * Who signs in with this address, if anybody. A row that was inserted from outside may hold an international domain
 * as its owner typed it, so both spellings are looked up; the canonical one wins.
 * @throws Problem `unavailable`
 */
export async function userByEmail(db: D1Database, email: string): Promise<User | undefined> {
  const canonical = canonicalEmail(email)
  const query = `SELECT ${COLUMNS} FROM users WHERE canonical_email IN (?1, ?2) ORDER BY canonical_email = ?1 DESC LIMIT 1`
  const row = await answerOf(db.prepare(query).bind(canonical, asciiLower(email)).first<UserRow>())
  return row ? userOf(row) : undefined
}

/** @throws Problem `unavailable` */
export async function userById(db: D1Database, id: number): Promise<User | undefined> {
  const row = await answerOf(db.prepare(`SELECT ${COLUMNS} FROM users WHERE id = ?`).bind(id).first<UserRow>())
  return row ? userOf(row) : undefined
}

/** Replaces a hash that has just been checked, unless somebody changed it meanwhile. */
export function replaceHash(db: D1Database, user: User, hash: string): D1PreparedStatement {
  return db
    .prepare('UPDATE users SET hashed_password = ?1 WHERE id = ?2 AND hashed_password = ?3')
    .bind(hash, user.id, user.hashed_password)
}

function userOf(row: UserRow): User {
  const roles = JSON.parse(row.roles) as string[]
  return { ...row, email_verified: row.email_verified === 1, roles }
}
