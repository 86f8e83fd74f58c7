import { all } from '../src/core/d1.ts'
import { sql } from '../src/lib/sql.ts'

/**
 * Names every column whose foreign key makes SQLite refuse to delete a row of `users`. D1's own tables are left out, because
 * D1 does not let anybody read them.
 */
export async function keptAccounts(db: D1Database): Promise<string[]> {
  const columns = await all<{ name: string }>(
    db,
    sql`SELECT tables.name || '.' || reference."from" AS name
      FROM sqlite_schema AS tables, pragma_foreign_key_list(tables.name) AS reference
      WHERE tables.type = 'table' AND tables.name NOT LIKE '\\_cf\\_%' ESCAPE '\\' AND reference."table" = 'users' COLLATE NOCASE
        AND reference.on_delete NOT IN ('CASCADE', 'SET NULL') ORDER BY name`,
  )
  return columns.map(({ name }) => `${name} keeps accounts from being deleted: add ON DELETE CASCADE`)
}
