import { type Sql, sql } from '../lib/sql.ts'
import { all } from './d1.ts'

/** No second pass touches a row while the first may still be delivering it. Seconds. */
const CLAIM_SECONDS = 60

/** Whoever has not taken it by then gets it again later. Milliseconds. */
export const DEADLINE_MS = 10_000

/** 30 s, 1 min, 2 min, ... at most an hour apart. Seconds. */
const backoff = (attempts: number): number => Math.min(30 * 2 ** (attempts - 1), 3_600)

/** What every table of things to be delivered has. */
export type Waiting = { id: string; attempts: number }

/** A table of things to be delivered, and what a claim of its rows gives back. */
type Queue = { table: Sql; columns?: Sql }

/** Takes up to `limit` rows that are due, the oldest first, in one statement: no two passes get the same. */
export const claim = <Row extends Waiting>(
  db: D1Database,
  { table, columns = sql`*` }: Queue,
  limit: number,
  now: number,
): Promise<Row[]> =>
  all<Row>(
    db,
    sql`UPDATE ${table} SET attempts = attempts + 1, due_at = ${now + CLAIM_SECONDS}
      WHERE id IN (SELECT id FROM ${table} WHERE due_at <= ${now} ORDER BY due_at LIMIT ${limit}) RETURNING ${columns}`,
  )

/** It was taken, or is given up. */
export const drop = ({ table }: Queue, { id }: Waiting): Sql => sql`DELETE FROM ${table} WHERE id = ${id}`

/** It was not taken: another try, later each time. */
export const putOff = ({ table }: Queue, { id, attempts }: Waiting, now: number): Sql =>
  sql`UPDATE ${table} SET due_at = ${now + backoff(attempts)} WHERE id = ${id}`

/** Tells the operator why something was not taken. `code` says what. */
export function logFailure(code: string, { id, attempts }: Waiting, error: unknown): void {
  console.error(JSON.stringify({ level: 'error', code, id, attempts, reason: String(error).slice(0, 200) }))
}
