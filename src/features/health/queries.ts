import type { Features } from '../../core/call.ts'
import { first } from '../../core/d1.ts'
import { MIGRATIONS } from '../../core/migrations.ts'
import { sql } from '../../lib/sql.ts'

/**
 * All migrations of this project, because the code relies on them. They are checked by name. A newer database is fine,
 * because migrations only add; a user's own migration proves nothing about ours, whatever its number.
 */
export const neededMigrations = (features: Features): string[] =>
  [...MIGRATIONS, ...features.flatMap(({ migrations = [] }) => migrations)].map((name) => `${name}.sql`)

type Fault = 'unreachable' | 'migrations_missing' | undefined

/** Why the database cannot serve this code, if it cannot. */
export async function databaseFault(db: D1Database, needed: readonly string[]): Promise<Fault> {
  const names = JSON.stringify(needed)
  try {
    const row = await first<{ missing: number }>(
      db,
      sql`SELECT count(*) AS missing FROM json_each(${names}) WHERE value NOT IN (SELECT name FROM d1_migrations)`,
    )
    return row?.missing === 0 ? undefined : 'migrations_missing'
  } catch (error) {
    return /no such table/.test(String((error as Error).cause)) ? 'migrations_missing' : 'unreachable'
  }
}

/** Milliseconds. How long a database result is reused, because strangers may call this route as often as they like. */
const MAX_AGE_MS = 5_000

/** Milliseconds. How long simultaneous first requests wait for the one that queries. */
const PATIENCE_MS = 4_500
const POLL_MS = 5

type Finding = { askedAt: number; found?: { fault: Fault } }
const findings = new WeakMap<D1Database, Finding>()

/** Like `databaseFault`, but each isolate queries at most once in five seconds. */
export async function recentDatabaseFault(db: D1Database, needed: readonly string[]): Promise<Fault> {
  const known = findings.get(db)
  if (!known || Math.abs(Date.now() - known.askedAt) > MAX_AGE_MS) {
    const finding: Finding = { askedAt: Date.now(), ...(known?.found && { found: known.found }) }
    findings.set(db, finding) // until then, other requests use the previous result
    finding.found = { fault: await databaseFault(db, needed) }
    return finding.found.fault
  }
  for (let waited = 0; !known.found && waited < PATIENCE_MS; waited += POLL_MS) await scheduler.wait(POLL_MS)
  return known.found ? known.found.fault : 'unreachable'
}
