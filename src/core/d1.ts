import type { Sql } from '../lib/sql.ts'
import { counted } from '../lib/tally.ts'
import { Problem } from './problem.ts'

/** D1 gives up after 30 s; a person does not wait that long for a login. */
const DEADLINE_MS = 4_000

/** The first row, if any. @throws Problem `unavailable` */
export const first = <T>(db: D1Database, query: Sql): Promise<T | null> => answerOf(prepared(db, query).first<T>())

/** Every row. @throws Problem `unavailable` */
export const all = async <T>(db: D1Database, query: Sql): Promise<T[]> =>
  (await answerOf(prepared(db, query).all<T>())).results

/**
 * All statements, or none: D1 runs a batch as one transaction. It does not stop at a statement that matches no row, so
 * each must carry the condition that the others depend on. Gives the rows that each returned.
 * @throws Problem `unavailable`: it may have committed all the same, so only conditional writes are safe to repeat
 */
export async function batch<T = unknown>(db: D1Database, statements: Sql[]): Promise<T[][]> {
  const results = await answerOf(db.batch<T>(statements.map((statement) => prepared(db, statement))))
  return results.map((result) => result.results)
}

const prepared = (db: D1Database, { text, params }: Sql) => db.prepare(text).bind(...params)

/** Any fault of D1, and silence past the deadline, is a refusal that loses nothing. */
async function answerOf<T>(call: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | null = null
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`D1 did not answer within ${DEADLINE_MS} ms`)), DEADLINE_MS)
  })
  try {
    return await counted('d1', Promise.race([call, deadline]))
  } catch (cause) {
    throw new Problem('unavailable', { cause, headers: { 'Retry-After': '2' } })
  } finally {
    clearTimeout(timer)
  }
}
