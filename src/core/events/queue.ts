import type { Sql } from '../../lib/sql.ts'
import type { AuditEvent } from './audit.ts'

/**
 * The receiver asks for a slower pace, and nothing was tried. `retryAfter`: seconds to wait, if the response named
 * them.
 */
export type Busy = { retryAfter: number | undefined }

/** The columns that every table of deliveries has. */
export type Waiting = { id: string; attempts: number; due_at: number }

/** A table of deliveries. A row is given up `patience` seconds after the time in its column `since`. */
export type Queue = {
  table: Sql
  since: Sql
  patience: number
  givenUp: AuditEvent['event']
  /** The assignments that return an untried row to the front of the line. */
  inFront?: Sql
}

/**
 * `done` rows are deleted. `later` is retried, and so are `silent` (no response) and `enough` (nothing else should be
 * tried now). `busy` and `untried` do not count as attempts and stay due. All other rows are given up, with an audit
 * row that says so.
 */
export type Outcome = 'done' | 'later' | 'silent' | 'enough' | 'busy' | 'untried' | 'refused' | 'link_expired'

export type Delivery<Row extends Waiting> = Queue & {
  /** Simultaneous deliveries. */
  atOnce: number
  /** The statements that claim up to `size` rows for `CLAIM_SECONDS` and return them. */
  claim: (size: number, now: number) => Sql[]
  /** Never throws. */
  deliver: (row: Row, now: number) => Promise<Outcome | Busy>
  /** Whether the pass ends, given the outcomes of a claim. */
  isOver: (outcomes: Outcome[]) => boolean
}
