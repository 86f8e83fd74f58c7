import { answerOf } from '../../core/d1.ts'

/** The newest migration that this code relies on. A newer database is fine: migrations only ever add. */
export const NEEDED_MIGRATION = '0003_audit.sql'

/** What keeps the database from serving this code, if anything. */
export async function databaseFault(db: D1Database): Promise<'unreachable' | 'migrations_missing' | undefined> {
  try {
    const tables = `SELECT name FROM sqlite_schema WHERE type = 'table' AND name = 'd1_migrations'`
    if ((await answerOf(db.prepare(tables).first())) === null) return 'migrations_missing'
    const newest = await answerOf(db.prepare('SELECT max(name) FROM d1_migrations').first<string>('max(name)'))
    return newest === null || newest < NEEDED_MIGRATION ? 'migrations_missing' : undefined
  } catch {
    return 'unreachable'
  }
}
