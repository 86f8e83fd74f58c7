import { base64url, randomId, utf8 } from '../lib/bytes.ts'
import { type Sql, sql } from '../lib/sql.ts'

/** What a mailed link may do. A token for one purpose is nothing for another. */
export type Purpose = 'verify' | 'reset' | 'email_change'

/** A secret that travels by mail lives an hour at most (OWASP Forgot Password). */
export const PURPOSE_TTL_SECONDS: Record<Purpose, number> = { verify: 3600, reset: 3600, email_change: 3600 }

const TOKEN_FORM = /^[\w-]{43}$/

/** 256 random bits to send, and the SHA-256 of them to store: a copy of the database opens nothing. */
export async function newOneTimeToken(): Promise<{ token: string; hash: string }> {
  const token = randomId(256)
  return { token, hash: await hashOf(token) }
}

/** What the table knows a token by; undefined when the text cannot be one. */
export async function oneTimeHash(token: string): Promise<string | undefined> {
  return TOKEN_FORM.test(token) ? hashOf(token) : undefined
}

const hashOf = async (token: string): Promise<string> =>
  base64url(new Uint8Array(await crypto.subtle.digest('SHA-256', utf8(token))))

/**
 * Stores a token for each user that a condition names, in place of an older one for the same purpose. It is bound to
 * the address that it will be mailed to.
 */
export function issueOneTime(purpose: Purpose, hash: string, now: number, users: Sql, email: Sql = sql`email`): Sql {
  return sql`INSERT OR REPLACE INTO one_time_tokens (user_id, purpose, hash, email, expires_at)
    SELECT id, ${purpose}, ${hash}, ${email}, ${now + PURPOSE_TTL_SECONDS[purpose]} FROM users WHERE ${users}`
}

/**
 * The user whom a live token belongs to, as a subquery: NULL once it is used. Every statement of the batch that uses
 * the token carries it, and the last one is `useUp`. A token for the address that the user has is void when that has changed.
 */
export function holderOf(purpose: Purpose, hash: string, now: number): Sql {
  const bound = purpose === 'email_change' ? sql`TRUE` : sql`users.email = one_time_tokens.email`
  return sql`(SELECT user_id FROM one_time_tokens JOIN users ON users.id = user_id
    WHERE hash = ${hash} AND purpose = ${purpose} AND expires_at > ${now} AND ${bound})`
}

/** Voids every token of the holder: what was mailed before a change must not undo it afterwards. */
export const voidOneTime = (user_id: Sql | number): Sql => sql`DELETE FROM one_time_tokens WHERE user_id = ${user_id}`
