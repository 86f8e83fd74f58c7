import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { withLocalD1 } from '../../scripts/local.ts'
import { applyMigrations } from '../../scripts/migrations.ts'

/**
 * One migrated database for all tests of a file that want an empty one, because to start workerd for each takes a second.
 * The folder goes after the last test.
 */
export function lendEmpty(folder: string): () => Promise<D1Database> {
  const opened = Promise.withResolvers<D1Database>()
  const closed = Promise.withResolvers<void>()
  let lending: Promise<void>
  beforeAll(async () => {
    lending = withLocalD1(join(folder, 'empty'), async (db) => {
      await applyMigrations(db)
      opened.resolve(db)
      await closed.promise
    })
    await opened.promise
  })
  afterAll(async () => {
    closed.resolve()
    await lending
    rmSync(folder, { recursive: true, force: true })
  })
  return async () => {
    const db = await opened.promise
    await db.batch(['users', 'sqlite_sequence', 'audit_events'].map((table) => db.prepare(`DELETE FROM ${table}`)))
    return db
  }
}
