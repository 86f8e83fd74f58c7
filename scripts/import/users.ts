import { type Sql, sql } from '../../src/lib/sql.ts'
import type { Candidate } from './candidate.ts'

/** A row of the database that has the id or the address of a candidate. */
export type Holder = { id: number; email: string; by: 'id' | 'email' | 'both' }

/** Who holds the ids and addresses of these candidates, by their place in the list. One query, through the indexes. */
export async function holders(db: D1Database, candidates: readonly Candidate[]): Promise<Map<number, Holder>> {
  const wanted = candidates.map(({ user, canonical, typed }) => [user.id, canonical, typed])
  // The row with the address comes last, and counts where there are two: its owner is the one who would sign in.
  const { text, params } = sql`
    SELECT wanted.key AS place, users.id, users.email,
           users.id IS wanted.value ->> 0 AS by_id,
           users.canonical_email IN (wanted.value ->> 1, wanted.value ->> 2) AS by_email
    FROM json_each(${JSON.stringify(wanted)}) AS wanted
    JOIN users ON users.id = (wanted.value ->> 0)
      OR users.canonical_email = (wanted.value ->> 1) OR users.canonical_email = (wanted.value ->> 2)
    ORDER BY place, by_email, by_id`
  type Found = { place: number; id: number; email: string; by_id: 0 | 1; by_email: 0 | 1 }
  const { results } = await db
    .prepare(text)
    .bind(...params)
    .all<Found>()
  return new Map(
    results.map(({ place, id, email, by_id, by_email }) => [
      place,
      { id, email, by: by_id && by_email ? 'both' : by_id ? 'id' : 'email' },
    ]),
  )
}

/**
 * Adds those whose id and address are free, in one transaction with what else is given. Gives the id of each, by canonical
 * address. Doing it twice is the same as once.
 */
export async function insertUsers(
  db: D1Database,
  candidates: readonly Candidate[],
  also: readonly Sql[],
): Promise<Map<string, number>> {
  const insert = sql`
    INSERT INTO users (id, email, hashed_password, password_set_at, email_verified, disabled_at, roles, language, created_at)
    SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7, value ->> 8
    FROM json_each(${JSON.stringify(candidates.map(rowOf))})
    WHERE TRUE ON CONFLICT DO NOTHING RETURNING id, canonical_email`
  const statements = [insert, ...also].map(({ text, params }) => db.prepare(text).bind(...params))
  const [inserted] = await db.batch<{ id: number; canonical_email: string }>(statements)
  return new Map(inserted?.results.map(({ id, canonical_email }) => [canonical_email, id]))
}

export const rowOf = ({ user }: Candidate): unknown[] => [
  ...[user.id, user.email, user.hashed_password, user.password_set_at, user.email_verified],
  ...[user.disabled_at, user.roles, user.language, user.created_at],
]
