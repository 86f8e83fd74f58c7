import type { Config } from '../config.ts'
import { sql } from '../lib/sql.ts'
import { batch } from './d1.ts'

/** Rows of one table that one pass deletes: a statement of D1 may run for 30 s, and others wait meanwhile. */
const PASS_ROWS = 5_000

const DAY = 86_400

/**
 * Deletes what has expired: nothing that a later request could still ask for. Events that nobody wants to hear go, too.
 * Every condition has an index.
 */
export async function cleanUp(db: D1Database, config: Config, now: number): Promise<void> {
  const before = now - config.AUDIT_RETENTION_DAYS * DAY
  await batch(db, [
    sql`DELETE FROM one_time_tokens WHERE expires_at <= ${now}`,
    sql`DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE expires_at <= ${now} LIMIT ${PASS_ROWS})`,
    // The newest row stays, so that isolates find the row at which they stopped reading.
    sql`DELETE FROM revocations WHERE id IN (SELECT id FROM revocations
      WHERE until <= ${now} AND id < (SELECT max(id) FROM revocations) LIMIT ${PASS_ROWS})`,
    sql`DELETE FROM audit_events WHERE id IN (SELECT id FROM audit_events WHERE at < ${before} LIMIT ${PASS_ROWS})`,
    ...(config.WEBHOOK_URL === undefined
      ? [sql`DELETE FROM webhook_outbox WHERE id IN (SELECT id FROM webhook_outbox LIMIT ${PASS_ROWS})`]
      : []),
  ])
}
