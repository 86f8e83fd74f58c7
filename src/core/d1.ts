import { withDeadline } from '../lib/deadline.ts'
import type { Sql } from '../lib/sql.ts'
import { counted } from '../lib/tally.ts'
import { Problem } from '../problem.ts'

/** D1 gives up after 30 s. A person does not wait that long for a login. */
const DEADLINE_MS = 4_000

/** The first row, if any. @throws Problem `unavailable` */
export const first = <T>(db: D1Database, query: Sql): Promise<T | null> => answerOf(prepared(db, query).first<T>())

/** Every row. @throws Problem `unavailable` */
export const all = async <T>(db: D1Database, query: Sql): Promise<T[]> =>
  (await answerOf(prepared(db, query).all<T>())).results

/**
 * Runs all statements or none: D1 runs a batch as one transaction. D1 does not stop at a statement that matches no row,
 * so each statement must repeat the condition that it depends on. Returns the rows of each statement.
 * @throws Problem `unavailable`: the batch may have committed all the same, so only conditional writes are safe to
 * repeat
 */
export async function batch<T = unknown>(db: D1Database, statements: Sql[]): Promise<T[][]> {
  const results = await answerOf(db.batch<T>(statements.map((statement) => prepared(db, statement))))
  return results.map((result) => result.results)
}

const prepared = (db: D1Database, { text, params }: Sql) => db.prepare(text).bind(...params)

/** Converts every D1 error, and a missed deadline, to `unavailable`. The client can retry without losing anything. */
async function answerOf<T>(call: Promise<T>): Promise<T> {
  try {
    return await counted('d1', withDeadline(call, 'D1', DEADLINE_MS))
  } catch (cause) {
    throw new Problem('unavailable', { cause, headers: { 'Retry-After': '2' } })
  }
}
