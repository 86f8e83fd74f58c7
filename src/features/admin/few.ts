import type { DatabaseCall } from '../../core/call.ts'
import { type AuditEvent, countOf } from '../../core/events/audit.ts'
import { type Sql, sql } from '../../lib/sql.ts'
import { Problem } from '../../problem.ts'

const DAY = 86_400

/** Mails of a day for one user. Of confirmations, strangers can ask for ten. Whoever has a stolen session floods no mailbox. */
const PER_DAY = 20

/** Whether few mails were asked for in the last day, by the event that records each, as a condition. */
export const few = ({ now }: DatabaseCall, event: AuditEvent['event'], id: number): Sql =>
  sql`${countOf(event, id, now - DAY)} < ${PER_DAY}`

/** @throws Problem 429 `too_many_attempts` unless the statement that read the condition as `few` found it to be so */
export function requireFew(rows: unknown[] | undefined): void {
  if ((rows as { few: number }[])[0]!.few) return
  throw new Problem('too_many_attempts', { headers: { 'Retry-After': String(DAY) } })
}
