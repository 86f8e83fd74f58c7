import { all, batch, first } from '../../core/d1.ts'
import { randomId } from '../../lib/bytes.ts'
import { sql } from '../../lib/sql.ts'
import type { Single } from '../../core/proof.ts'
import { isSpent } from '../../signing-in/spent.ts'

/** The name of the method. */
export const PASSKEY = 'passkey'

/** A passkey as its owner sees it. Times are seconds. */
export type ListedPasskey = { id: string; name: string; created_at: number; last_used_at: number | null }

/** The columns of a listed passkey. */
export const LISTED = sql`id, name, created_at, last_used_at`

/** The passkeys of a user, oldest first. */
export const passkeysOf = (db: D1Database, user_id: number): Promise<ListedPasskey[]> =>
  all(db, sql`SELECT ${LISTED} FROM passkeys WHERE user_id = ${user_id} ORDER BY created_at, id`)

/** What a browser needs to keep a password manager true to us (the Signal API of WebAuthn Level 3). */
export type Accepted = { user_handle: string; ids: string[] }

/** The handle and all credentials of a user; undefined if there has never been one. */
export async function acceptedOf(db: D1Database, user_id: number): Promise<Accepted | undefined> {
  const row = await first<{ handle: string; ids: string }>(
    db,
    sql`SELECT handle, (SELECT json_group_array(id) FROM passkeys WHERE user_id = ${user_id}) AS ids
      FROM passkey_handles WHERE user_id = ${user_id}`,
  )
  return row === null ? undefined : { user_handle: row.handle, ids: JSON.parse(row.ids) as string[] }
}

type Known = { handle: string; passkeys: { id: string; transports: string }[] }

/** The handle under which authenticators know a user, made when it is first needed, and the passkeys that they have. */
export async function knownToAuthenticators(db: D1Database, user_id: number): Promise<Known> {
  const [, handles, passkeys] = await batch(db, [
    sql`INSERT INTO passkey_handles (user_id, handle) SELECT id, ${randomId(HANDLE_BITS)} FROM users WHERE id = ${user_id}
      ON CONFLICT DO NOTHING`,
    sql`SELECT handle FROM passkey_handles WHERE user_id = ${user_id}`,
    sql`SELECT id, transports FROM passkeys WHERE user_id = ${user_id}`,
  ])
  const [row] = handles as { handle: string }[]
  return { handle: row?.handle ?? '', passkeys: passkeys as Known['passkeys'] }
}

/** WebAuthn Level 3 section 14.6.1: a random handle says nothing about its user, and is never their id. */
const HANDLE_BITS = 256

/** A passkey as a sign-in needs it. `is_spent`: its challenge was used before. */
export type StoredPasskey = {
  id: string
  user_id: number
  handle: string
  public_key: string
  counter: number
  backup_eligible: number
  last_challenge: string | null
  is_spent: number
}

/** The passkey with a credential id, and whether one of these was used before. */
export const findPasskey = (db: D1Database, id: string, singles: readonly Single[]): Promise<StoredPasskey | null> =>
  first(
    db,
    sql`SELECT id, passkeys.user_id, handle, public_key, counter, backup_eligible, last_challenge,
        ${isSpent(singles)} AS is_spent
      FROM passkeys JOIN passkey_handles USING (user_id) WHERE id = ${id}`,
  )
