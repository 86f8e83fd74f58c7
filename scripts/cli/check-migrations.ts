import { all, first } from '../../src/core/d1.ts'
import type { Sql } from '../../src/lib/sql.ts'
import { type Migrated, migratedDatabases, namesOf } from '../migrations.ts'
import { type Finding, finding } from './finding.ts'

/** The database behind a binding. */
export type DatabaseOf = (binding: string) => D1Database

/** What every database lacks. `where` is the argument of wrangler that names it. Our own come first, then what was added. */
export async function checkMigrations(databaseOf: DatabaseOf, where: string): Promise<Finding[]> {
  const found: Finding[] = []
  for (const database of migratedDatabases()) {
    const { binding } = database
    const applied = await appliedTo(databaseOf(binding), database)
    const [ours, yours] = [[] as string[], [] as string[]]
    for (const name of namesOf(database)) (isOurs(binding, name) ? ours : yours).push(name)
    for (const [about, names] of [
      ['migrations', ours],
      [binding === 'DB' ? 'your migrations' : `migrations of ${binding}`, yours],
    ] as const) {
      const missing = names.filter((name) => !applied.has(name))
      const many = missing.length === 1 ? '1 is' : `${missing.length} are`
      const fail = `${many} missing (${missing.join(', ')}): npx wrangler d1 migrations apply ${binding} ${where}`
      if (names.length > 0) found.push(finding(about, missing.length === 0, 'are applied', { fail }))
    }
  }
  return found
}

const isOurs = (binding: string, name: string): boolean => binding === 'DB' && !name.includes('/')

async function appliedTo(db: D1Database, { table }: Migrated): Promise<Set<string>> {
  const kept: Sql = { text: 'SELECT name FROM sqlite_schema WHERE name = ?', params: [table] }
  if (!(await first(db, kept))) return new Set()
  const rows = await all<{ name: string }>(db, { text: `SELECT name FROM "${table}"`, params: [] })
  return new Set(rows.map(({ name }) => name))
}
