import { randomId, sha256 } from '../../lib/bytes.ts'
import { type Sql, sql } from '../../lib/sql.ts'
import type { DatabaseCall } from '../call.ts'

/**
 * What a mailed link is for. A token for one purpose is invalid for any other. A feature adds its purpose to this
 * interface where it issues the links; the table lists the purposes too.
 */
export interface Purposes {
  verify: true
  reset: true
}
export type Purpose = keyof Purposes

/** A secret that somebody requests by mail is valid for at most an hour (OWASP Forgot Password). */
export const LINK_SECONDS = 3600

const TOKEN_FORM = /^[\w-]{43}$/

/** 256 random bits to send, and their SHA-256 to store, so that a copy of the database opens nothing. */
export async function newOneTimeToken(): Promise<{ token: string; hash: string }> {
  const token = randomId(256)
  return { token, hash: await sha256(token) }
}

/** Whether a text can be a token. */
export const isToken = (text = ''): boolean => TOKEN_FORM.test(text)

/** The hash that the table stores for a token; undefined if the text cannot be a token. */
export async function oneTimeHash(token: string): Promise<string | undefined> {
  return isToken(token) ? sha256(token) : undefined
}

/**
 * Stores a token for each enabled user that a condition selects, replacing an older one for the same purpose. It is
 * bound to the address it will be mailed to, and is deleted when the user's epoch rises. `cancel` is the hash of
 * another token, which voids this one.
 */
export function issueOneTime(
  { now }: DatabaseCall,
  purpose: Purpose,
  hash: string,
  users: Sql,
  email: Sql = sql`email`,
  cancel: string | null = null,
): Sql {
  return sql`INSERT OR REPLACE INTO one_time_tokens (user_id, purpose, hash, email, expires_at, epoch, cancel_hash)
    SELECT id, ${purpose}, ${hash}, ${email}, ${now + LINK_SECONDS}, epoch, ${cancel}
    FROM users WHERE ${users} AND disabled_at IS NULL`
}

/**
 * Whether a row of `one_time_tokens` has its user's current epoch. A row from before epochs has epoch 0. No trigger
 * deletes such a row, because the Worker that made it reads the user from it until the end of a batch.
 */
export const isOfEpoch: Sql = sql`coalesce(one_time_tokens.epoch, 0) = users.epoch`

/**
 * The user to whom a valid token belongs, as a subquery; NULL once the token is used, and while the user is disabled.
 * Every statement of the batch that uses the token contains it. The statement that raises the epoch must come last,
 * because it voids the token; `dropVoid` follows it. A token is void if the user no longer has the address it was sent
 * to. `elsewhere`: it was sent to an address that the user does not have yet. An invitation serves as a `reset`.
 */
export function holderOf({ now }: DatabaseCall, purpose: Purpose, hash: string, { elsewhere = false } = {}): Sql {
  const bound = elsewhere ? sql`TRUE` : sql`users.email = one_time_tokens.email`
  const alive = sql`hash = ${hash} AND expires_at > ${now} AND disabled_at IS NULL`
  const holder = sql`(SELECT user_id FROM one_time_tokens JOIN users ON users.id = user_id
    WHERE ${alive} AND purpose = ${purpose} AND ${isOfEpoch} AND ${bound})`
  if (purpose !== 'reset') return holder
  return sql`coalesce(${holder}, (SELECT user_id FROM invitations JOIN users ON users.id = user_id
    WHERE ${alive} AND invitations.epoch = users.epoch AND users.email = invitations.email))`
}

/**
 * Deletes tokens that became void when the epoch rose and that no trigger deletes. Has no effect if it did not rise.
 */
export const dropVoid = (user_id: number): Sql =>
  sql`DELETE FROM one_time_tokens
    WHERE user_id = ${user_id} AND coalesce(epoch, 0) < (SELECT epoch FROM users WHERE id = ${user_id})`

/** Voids every token of a user, so that a link mailed before a change cannot undo it. */
export const voidOneTime = (user_id: Sql | number): Sql => sql`DELETE FROM one_time_tokens WHERE user_id = ${user_id}`
