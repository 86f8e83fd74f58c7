import { first } from '../../core/d1.ts'
import { sql } from '../../lib/sql.ts'

/** The newest migration that this code relies on. A newer database is fine: migrations only ever add. */
export const NEEDED_MIGRATION = '0007_webhooks.sql'

/** What keeps the database from serving this code, if anything. */
export async function databaseFault(db: D1Database): Promise<'unreachable' | 'migrations_missing' | undefined> {
  try {
    const tables = sql`SELECT name FROM sqlite_schema WHERE type = 'table' AND name = 'd1_migrations'`
    if (!(await first(db, tables))) return 'migrations_missing'
    const row = await first<{ newest: string | null }>(db, sql`SELECT max(name) AS newest FROM d1_migrations`)
    return (row?.newest ?? '') < NEEDED_MIGRATION ? 'migrations_missing' : undefined
  } catch {
    return 'unreachable'
  }
}
