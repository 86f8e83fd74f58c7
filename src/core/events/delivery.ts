import { logError } from '../../lib/log.ts'
import { type Sql, sql } from '../../lib/sql.ts'
import { clockFrom } from '../../lib/time.ts'
import type { AuditEvent } from './audit.ts'
import { batch } from '../d1.ts'
import { paced } from './pace.ts'
import type { Delivery, Outcome, Queue, Waiting } from './queue.ts'

/** Seconds for which a claimed row belongs to one pass, so that no other pass delivers it at the same time. */
export const CLAIM_SECONDS = 60

/** Milliseconds from the start of a delivery. A receiver that has not accepted it by then gets it again later. */
export const DEADLINE_MS = 10_000

/** The limits of one pass over a queue. */
export type Pass = {
  /** Seconds from the start of the pass after which nothing is claimed or begun. */
  seconds: number
  /** Rows in total. */
  rows: number
  /** Rows in one claim for each connection; they are delivered one after another. */
  waves: number
}

/**
 * Cron runs every minute, and may run for 15. Five deadlines end before the claim does, with time left for D1. The rows
 * of two queues make 4,200 subrequests, of 10,000 on the paid plan, and 350 D1 queries, of 1,000 ("Limits" of Workers
 * and of D1, November 2026). The free plan allows 50 of each; rows beyond that become due again.
 */
export const CRON: Pass = { seconds: 45, rows: 2_100, waves: 5 }

/** Work after a response must end within 30 seconds. */
export const AFTER_ANSWER: Pass = { seconds: 10, rows: 15, waves: 1 }

/**
 * Claims, delivers and settles until nothing is due or the pass is over. The outcomes of a claim are written in one
 * batch with the next claim. The first claim is small, because it may show that no receiver is available.
 * @throws Problem `unavailable`
 */
export async function drain<Row extends Waiting>(
  db: D1Database,
  delivery: Delivery<Row>,
  pass: Pass,
  now: number,
  firstOfAll: Sql[] = [],
): Promise<void> {
  const { atOnce, claim } = delivery
  const clock = clockFrom(now)
  const end = now + pass.seconds
  const deliverAll = paced(delivery, clock, end)
  const isOver = (outcomes: Outcome[]) =>
    outcomes.includes('busy') || outcomes.includes('untried') || delivery.isOver(outcomes)
  let [size, left] = [atOnce, pass.rows]
  let rows = (await batch<Row>(db, [...firstOfAll, ...claim(size, now)])).flat()
  while (rows.length > 0) {
    const outcomes = await deliverAll(rows)
    const settled = settle(delivery, rows, outcomes, clock())
    left -= rows.length
    const ends = rows.length < size || left <= 0 || clock() >= end || isOver(outcomes)
    size = atOnce * pass.waves
    rows = (await batch<Row>(db, ends ? settled : [...settled, ...claim(size, clock())])).flat()
  }
}

/**
 * The statements that give up rows that have waited longer than `patience`. Rows that are being delivered are not due.
 */
export function giveUpExpired({ table, since, ...queue }: Queue, limit: number, now: number): Sql[] {
  const expired = sql`(SELECT id FROM ${table} WHERE ${since} <= ${now - queue.patience} AND +due_at <= ${now}
    ORDER BY ${since}, id LIMIT ${limit})`
  return giveUp({ table, since, ...queue }, expired, null, now)
}

/**
 * The condition under which a row may be tried: an expired row is not retried. The `+` keeps SQLite from the wrong
 * index.
 */
export const isWanted = ({ since, patience }: Queue, now: number): Sql =>
  sql`(attempts = 0 OR +${since} > ${now - patience})`

/**
 * The statement that claims due rows, and returns them with one more column. First attempts come before retries, the oldest
 * first in each group. Retries are not read if first attempts fill the claim.
 */
export function claimOldest(queue: Queue, size: number, now: number, more: Sql): Sql {
  const { table } = queue
  const oldest = (which: Sql) =>
    sql`SELECT id FROM ${table} WHERE due_at <= ${now} AND ${which} AND ${isWanted(queue, now)}
      ORDER BY due_at LIMIT ${size}`
  return sql`UPDATE ${table} SET attempts = attempts + 1, due_at = ${now + CLAIM_SECONDS}
    WHERE id IN (SELECT id FROM (${oldest(sql`attempts = 0`)})
      UNION ALL SELECT id FROM (${oldest(sql`attempts > 0`)}) LIMIT ${size})
    RETURNING *, ${more}`
}

function settle(queue: Queue, rows: Waiting[], outcomes: Outcome[], now: number): Sql[] {
  const those = (...of: Outcome[]) => rows.filter((_, i) => of.includes(outcomes[i]!))
  const [done, later] = [those('done'), those('later', 'silent', 'enough')]
  const [busy, untried] = [those('busy'), those('untried')]
  return [
    ...(done.length > 0 ? [drop(queue, ids(done))] : []),
    ...(later.length > 0 ? [putOff(queue, ids(later), now)] : []),
    ...(busy.length > 0 ? [release(queue, busy, now)] : []),
    ...(untried.length > 0 ? [release(queue, untried, now, queue.inFront)] : []),
    ...(['refused', 'link_expired'] as const).flatMap((reason) => {
      const hopeless = those(reason)
      return hopeless.length > 0 ? giveUp(queue, ids(hopeless), reason, now) : []
    }),
  ]
}

/** One parameter for any number of rows. */
const ids = (rows: Waiting[]): Sql => sql`(SELECT value FROM json_each(${JSON.stringify(rows.map(({ id }) => id))}))`

const drop = ({ table }: Queue, ids: Sql): Sql => sql`DELETE FROM ${table} WHERE id IN ${ids}`

/** The next attempt follows after 30 s, 1 min, 2 min and so on, at most an hour. */
const putOff = ({ table }: Queue, ids: Sql, now: number): Sql =>
  sql`UPDATE ${table} SET due_at = ${now} + min(30 << min(attempts - 1, 7), 3600) WHERE id IN ${ids}`

/**
 * Releases rows as if they had not been claimed. Rows whose claim expired and that another pass holds are left alone.
 */
const release = ({ table }: Queue, rows: Waiting[], now: number, inFront = sql`attempts = attempts - 1`): Sql =>
  sql`UPDATE ${table} SET ${inFront}, due_at = ${now} WHERE id IN ${ids(rows)} AND due_at = ${rows[0]!.due_at}`

/** The audit rows come first: after the deletion nothing shows whose rows they were. */
const giveUp = (queue: Queue, ids: Sql, reason: Extract<Outcome, AuditEvent['reason']> | null, now: number): Sql[] => [
  sql`INSERT INTO audit_events (at, event, reason, user_id, request_id)
    SELECT ${now}, ${queue.givenUp}, ${reason}, user_id, id FROM ${queue.table} WHERE id IN ${ids}`,
  drop(queue, ids),
]

/** Logs why a delivery failed, for the operator. `code` names the kind of delivery. */
export function logFailure(code: string, { id, attempts }: Waiting, error: unknown): void {
  logError(code, error, { id, attempts })
}
