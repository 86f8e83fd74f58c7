import { all } from '../../core/d1.ts'
import { REVOCATION_MARGIN_SECONDS } from '../../core/sessions/revocations.ts'
import { sql } from '../../lib/sql.ts'

const PAGE_ROWS = 10_000

type Feed = { cursor: number; more: boolean; sessions: { sid: string; until: number }[] }

/**
 * The revocations after a cursor whose tokens may still be valid. `more`: there are more rows, so ask again at once. A
 * cursor ahead of the table is from before the database was restored to an earlier time; then all revocations are
 * returned.
 */
export async function revocationsSince(db: D1Database, since: number, now: number): Promise<Feed> {
  const rows = await all<{ id: number; sid: string; until: number }>(
    db,
    sql`SELECT id, session_id AS sid, until FROM revocations
      WHERE id > iif(${since} > (SELECT max(id) FROM revocations), 0, ${since}) AND until > ${now - REVOCATION_MARGIN_SECONDS} ORDER BY id LIMIT ${PAGE_ROWS}`,
  )
  const sessions = rows.map(({ sid, until }) => ({ sid, until }))
  return { cursor: rows.at(-1)?.id ?? since, more: rows.length === PAGE_ROWS, sessions }
}
