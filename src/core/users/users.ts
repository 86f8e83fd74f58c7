import { asciiLower, canonicalEmail } from '../../lib/email.ts'
import { type Sql, sql } from '../../lib/sql.ts'
import { first } from '../d1.ts'
import { type Has, type Way, waysColumn } from './ways.ts'
import type { StoredPassword } from '../passwords/passwords.ts'

export type User = StoredPassword & {
  id: number
  email: string
  /** What the user goes by, for applications that ask for the profile. */
  name: string | null
  email_verified: boolean
  disabled_at: number | null
  roles: string[]
  created_at: number
  /**
   * Raised by a new password or address, by a factor gained or lost, by disabling and enabling, and when the service
   * ends all sessions (schema.sql).
   */
  epoch: number
  /** Whether the account asks for a second factor at each sign-in. */
  second_factor: boolean
}

/** A user who was read together with their methods. Only such a user can sign in. */
export type CountedUser = User & { has: Has }

export type UserRow = Omit<User, 'email_verified' | 'second_factor' | 'roles' | 'has'> & {
  email_verified: number
  second_factor: number
  roles: string
  has: string
}

const COLUMNS = sql`id, email, name, hashed_password, password_set_at, email_verified, disabled_at, roles, created_at, epoch,
  second_factor`

/**
 * The condition that finds the row for an address at sign-in. A row inserted from outside may hold an international
 * domain as its owner typed it, so both spellings are looked up. A confirmed row wins over an unconfirmed one, then the
 * older row wins, so that a later registration of the other spelling cannot take over.
 */
export function hasEmail(email: string): Sql {
  const canonical = canonicalEmail(email)
  const spellings = sql`canonical_email IN (${canonical}, ${asciiLower(email)})`
  return sql`id = (SELECT id FROM users WHERE ${spellings} ORDER BY email_verified DESC, id LIMIT 1)`
}

/** The user that a condition selects. With `ways`, also how many of each method they have. @throws Problem `unavailable` */
export async function findUser(db: D1Database, condition: Sql): Promise<User | undefined>
export async function findUser(db: D1Database, condition: Sql, ways: readonly Way[]): Promise<CountedUser | undefined>
export async function findUser(db: D1Database, condition: Sql, ways: readonly Way[] = []): Promise<User | undefined> {
  const row = await first<UserRow>(db, userRow(condition, ways))
  if (!row) return undefined
  const counted = userIn(row)
  const { has: _has, ...user } = counted
  return ways.length === 0 ? user : counted
}

/** The statement that reads a user together with their methods, for a batch. */
export const userRow = (condition: Sql, ways: readonly Way[]): Sql =>
  sql`SELECT ${COLUMNS}, ${waysColumn(ways)} AS has FROM users WHERE ${condition}`

/** The user in a row of that statement. */
export function userIn({ has, ...row }: UserRow): CountedUser {
  const roles = JSON.parse(row.roles) as string[]
  const [email_verified, second_factor] = [row.email_verified === 1, row.second_factor === 1]
  return { ...row, email_verified, second_factor, roles, has: JSON.parse(has) as Has }
}

/**
 * The condition that finds a user whose password was just checked, as long as that check is still valid: no new
 * password, no new address, not disabled, and no end of all sessions meanwhile. Rehashing at a higher cost is not a
 * change.
 */
export const stillProven = ({ id, epoch }: Pick<User, 'id' | 'epoch'>): Sql =>
  sql`id = ${id} AND epoch = ${epoch} AND disabled_at IS NULL`

/** Voids logins under way and links for the users that a condition selects. */
export const raiseEpoch = (users: Sql): Sql => sql`UPDATE users SET epoch = epoch + 1 WHERE ${users}`

/** The condition for an imported account that nothing has changed here that ends all sessions. */
export const unchangedSinceImport = (id: number): Sql =>
  sql`id = ${id} AND disabled_at IS NULL AND password_set_at IS NULL AND epoch = 0`

/**
 * Replaces a hash that was just checked with one of the same password at a higher cost, if `mine` holds. This does not
 * raise the epoch.
 */
export const replaceHash = (user: User, hash: string, mine: Sql): Sql =>
  sql`UPDATE users SET hashed_password = ${hash}, hash_upgrades = hash_upgrades + 1
    WHERE ${mine} AND hashed_password = ${user.hashed_password}`
