import { globSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { unstable_readConfig, unstable_splitSqlQuery } from 'wrangler'
import { patientD1 } from './cli/patient-d1.ts'
import { alone } from './alone.ts'
import { keptAccounts } from './kept-accounts.ts'
import { type Databases, ROOT } from './local.ts'

/** A database of wrangler.toml that has migrations, and the table that remembers those which were applied. */
export type Migrated = { binding: string; migrationsDir: string; migrationsPattern: string; table: string }

type Entry = { binding: string; migrations_dir?: string; migrations_pattern?: string; migrations_table?: string }

/** Every database that names the folder of its migrations: `DB`, and those that whoever runs this has added. */
export function migratedDatabases(): Migrated[] {
  const { d1_databases } = unstable_readConfig({ config: join(ROOT, 'wrangler.toml') }) as { d1_databases: Entry[] }
  return d1_databases.flatMap(({ binding, migrations_dir, migrations_pattern, migrations_table = 'd1_migrations' }) => {
    if (migrations_dir === undefined) return []
    const migrationsDir = posix.normalize(migrations_dir).replace(/\/$/, '')
    const migrationsPattern = posix.normalize(migrations_pattern ?? `${migrationsDir}/*.sql`)
    return [{ binding, migrationsDir, migrationsPattern, table: migrations_table }]
  })
}

const byNumber = new Intl.Collator('en', { numeric: true })

/** The names of its migrations, in the order in which wrangler applies them: ours first, then those of `migrations/yours`. */
export const namesOf = ({ migrationsDir, migrationsPattern }: Migrated): string[] =>
  globSync(migrationsPattern, { cwd: ROOT })
    .map((path) => path.replaceAll('\\', '/').slice(migrationsDir.length + 1))
    .sort(byNumber.compare)

/** What is said of a migration: only those of `DB` need no more than their name. */
export const labelOf = ({ binding }: Migrated, name: string): string =>
  binding === 'DB' ? name : `${name} of ${binding}`

/** A migration that its database refused. Nothing of it was done. */
export class MigrationRefused extends Error {
  constructor(label: string, cause: unknown) {
    super(`${label} was not applied: ${(cause as Error).message.replace(/^D1_ERROR: /, '')}`, { cause })
  }
}

/** Applies what the local databases lack, and says which. Two processes never do it at the same time. */
export const migrateLocal = (databases: Databases, persistTo: string, say: (line: string) => void): Promise<boolean> =>
  alone(persistTo, 'migrations', () => bringUpToDate(databases, say))

/**
 * Applies the missing migrations of every database. Reports each with its label, then every column that keeps accounts from
 * being deleted. Stops at the first refusal and reports the reason. Returns whether there was no refusal.
 */
export async function bringUpToDate(
  databases: Databases,
  say: (line: string, label: string) => void,
): Promise<boolean> {
  try {
    for (const database of migratedDatabases()) {
      const db = patientD1(databases[database.binding]!)
      let isChanged = false
      await applyMissing(db, database, (label) => {
        isChanged = true
        say(`Applied ${label}.`, label)
      })
      if (isChanged && database.binding === 'DB') for (const fault of await keptAccounts(db)) say(`${fault}.`, '')
    }
    return true
  } catch (error) {
    if (!(error instanceof MigrationRefused)) throw error
    say(error.message, '')
    return false
  }
}

/** Brings `DB` alone up to date. @throws MigrationRefused */
export const applyMigrations = (db: D1Database): Promise<void> =>
  applyMissing(
    db,
    migratedDatabases().find(({ binding }) => binding === 'DB')!,
  )

/**
 * Applies what `wrangler d1 migrations apply` would, in the same bookkeeping, without asking. An empty file waits for what will
 * be in it. @throws MigrationRefused
 */
async function applyMissing(db: D1Database, database: Migrated, applied: (label: string) => void = () => {}) {
  const done = await appliedTo(db, database)
  for (const name of namesOf(database).filter((one) => !done.has(one))) {
    const text = readFileSync(join(ROOT, database.migrationsDir, name), 'utf8')
    const statements = unstable_splitSqlQuery(text).filter((statement) => !EMPTY.test(statement))
    if (statements.length === 0) continue
    const record = db.prepare(`INSERT INTO "${database.table}" (name) VALUES (?)`).bind(name)
    try {
      await db.batch([...statements.map((statement) => db.prepare(statement)), record])
    } catch (error) {
      throw new MigrationRefused(labelOf(database, name), error)
    }
    applied(labelOf(database, name))
  }
}

/** Blanks and comments. */
const EMPTY = /^(?:\s|;|--.*|\/\*[\s\S]*?\*\/)*$/

async function appliedTo(db: D1Database, { table }: Migrated): Promise<Set<string>> {
  await db
    .prepare(
      `CREATE TABLE IF NOT EXISTS "${table}"(
		id         INTEGER PRIMARY KEY AUTOINCREMENT,
		name       TEXT UNIQUE,
		applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL
)`,
    )
    .run()
  const { results } = await db.prepare(`SELECT name FROM "${table}"`).all<{ name: string }>()
  return new Set(results.map(({ name }) => name))
}
