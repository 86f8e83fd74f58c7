import type { DatabaseCall } from '../../src/core/call.ts'
import { deleteRegistrations, isUnconfirmedRegistration } from '../../src/core/users/registrations.ts'
import { isKept, keptAddresses } from '../../src/core/users/undo.ts'
import { type Sql, sql } from '../../src/lib/sql.ts'
import type { Candidate } from './candidate.ts'

/** A row of the database that has the id or the address of a candidate, or had the address until a few days ago. */
export type Holder = { id: number; email: string; by: 'id' | 'email' | 'both' }

/** A database that is asked in bulk: a statement carries as many rows as fit into `maxBytes` of JSON. */
export type Target = { db: D1Database; maxBytes: number }

type Found = { place: number; id: number; email: string; by_id: 0 | 1; by_email: 0 | 1 }

/** Who holds the ids and addresses of these candidates. Through the indexes, and in one round trip. */
export async function holders(
  call: DatabaseCall,
  target: Target,
  candidates: readonly Candidate[],
): Promise<Map<Candidate, Holder>> {
  const wanted = ({ user, canonical, typed }: Candidate) => [user.id, canonical, typed]
  const pieces = split(candidates, wanted, target.maxBytes)
  // A row with the address comes after one with the id alone, so it counts: its owner is the one who would sign in.
  const results = await batch<Found>(
    target.db,
    pieces.map(
      ({ json }) => sql`
        WITH wanted AS MATERIALIZED (SELECT key, value FROM json_each(${json}))
        SELECT wanted.key AS place, users.id, users.email,
               users.id IS (wanted.value ->> 0) AS by_id,
               users.canonical_email IN (wanted.value ->> 1, wanted.value ->> 2) AS by_email
        FROM wanted JOIN users ON users.id = (wanted.value ->> 0)
          OR users.canonical_email = (wanted.value ->> 1) OR users.canonical_email = (wanted.value ->> 2)
        WHERE NOT (by_email AND ${isUnconfirmedRegistration})
        UNION ALL
        SELECT wanted.key, kept.user_id, kept.email, kept.user_id IS (wanted.value ->> 0), 1
        FROM wanted JOIN (${keptAddresses(call)}) AS kept ON kept.canonical_email IN (wanted.value ->> 1, wanted.value ->> 2)
        ORDER BY place, by_email, by_id`,
    ),
  )
  const found = new Map<Candidate, Holder>()
  results.forEach((rows, piece) => {
    for (const { place, id, email, by_id, by_email } of rows) {
      found.set(pieces[piece]!.rows[place]!, { id, email, by: by_id && by_email ? 'both' : by_id ? 'id' : 'email' })
    }
  })
  return found
}

/**
 * Makes sure that new users get ids above this one. An id of the file belongs to somebody elsewhere, even if its row was
 * refused. AUTOINCREMENT takes the next id after what `sqlite_sequence` holds.
 */
export async function reserveIds(target: Target, highest: number): Promise<void> {
  if (highest === 0) return
  await batch(target.db, [
    sql`INSERT INTO sqlite_sequence (name, seq) SELECT 'users', 0
        WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'users')`,
    sql`UPDATE sqlite_sequence SET seq = ${highest} WHERE name = 'users' AND seq < ${highest}`,
  ])
}

/**
 * Adds the candidates whose id and address are free, in one transaction with `also`. Returns the id of each by its canonical
 * address. A registration that nobody confirmed owns no address, so it gives way, with an audit row. Doing this twice is the
 * same as once.
 */
export async function insertUsers(
  call: DatabaseCall,
  target: Target,
  candidates: readonly Candidate[],
  also: readonly Sql[],
): Promise<Map<string, number>> {
  const leaving = split(candidates, ({ canonical, typed }) => [canonical, typed], target.maxBytes).flatMap(
    ({ json }) => {
      const named = sql`SELECT pair.value FROM json_each(${json}) AS candidate, json_each(candidate.value) AS pair`
      return deleteRegistrations(call, sql`${isUnconfirmedRegistration} AND canonical_email IN (${named})`)
    },
  )
  const statements = split(candidates, rowOf, target.maxBytes).map(
    ({ json }) => sql`
      INSERT INTO users
        (id, email, hashed_password, password_set_at, email_verified, disabled_at, roles, language, created_at)
      SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4,
             value ->> 5, value ->> 6, value ->> 7, value ->> 8
      FROM json_each(${json})
      WHERE NOT ${isKept(call, sql`lower(value ->> 1)`)} ON CONFLICT DO NOTHING RETURNING id, canonical_email`,
  )
  const results = await batch<{ id: number; canonical_email: string }>(target.db, [...leaving, ...statements, ...also])
  const inserted = results.slice(leaving.length).flat()
  return new Map(inserted.map(({ id, canonical_email }) => [canonical_email, id]))
}

const rowOf = ({ user }: Candidate): unknown[] => [
  user.id,
  user.email,
  user.hashed_password,
  user.password_set_at,
  user.email_verified,
  user.disabled_at,
  user.roles,
  user.language,
  user.created_at,
]

/** Splits rows into lists whose JSON has at most `maxBytes`. A single row may be longer. */
function split<T>(rows: readonly T[], write: (row: T) => unknown, maxBytes: number): { rows: T[]; json: string }[] {
  const pieces: { rows: T[]; parts: string[]; bytes: number }[] = []
  for (const row of rows) {
    const part = JSON.stringify(write(row))
    const bytes = Buffer.byteLength(part) + 1
    const last = pieces.at(-1)
    if (!last || last.bytes + bytes > maxBytes) {
      pieces.push({ rows: [row], parts: [part], bytes: bytes + 2 })
      continue
    }
    last.rows.push(row)
    last.parts.push(part)
    last.bytes += bytes
  }
  return pieces.map(({ rows, parts }) => ({ rows, json: `[${parts.join(',')}]` }))
}

/** Without the deadline of a request: whoever imports can wait. */
async function batch<T>(db: D1Database, statements: Sql[]): Promise<T[][]> {
  if (statements.length === 0) return []
  const results = await db.batch<T>(statements.map(({ text, params }) => db.prepare(text).bind(...params)))
  return results.map(({ results }) => results)
}
