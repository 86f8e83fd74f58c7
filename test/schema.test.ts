import { applyD1Migrations } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import schema from '../schema.sql?raw'
import { features } from '../src/app.ts'
import { databaseFault, neededMigrations } from '../src/features/health/queries.ts'
import { freshDatabase, migrate } from './support.ts'

freshDatabase()

const needed = neededMigrations(features)

/** SQL as SQLite keeps it, less white space and quotes. */
async function structure(db: D1Database) {
  const { results } = await db
    .prepare(
      `SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT LIKE '\\_cf\\_%' ESCAPE '\\' ORDER BY type, name`,
    )
    .all<{ name: string; sql: string | null }>()
  return results.map((row) => ({
    ...row,
    sql: row.sql
      ?.replace(/\s+/g, ' ')
      .replace(/ ?([(),]) ?/g, '$1')
      .replaceAll('"', ''),
  }))
}

const statements = () =>
  schema
    .replace(/^--.*$/gm, '')
    .split(/;\s*\n(?!\s*END)/)
    .map((statement) => statement.trim())
    .filter(Boolean)

beforeAll(async () => {
  await env.SCHEMA_DB.batch(statements().map((statement) => env.SCHEMA_DB.prepare(statement)))
})

describe('schema.sql', () => {
  it('is exactly what the migrations arrive at', async () => {
    expect(await structure(env.SCHEMA_DB)).toEqual(await structure(env.DB))
  })

  it('records the migrations that it contains, so that only later ones are applied to it', async () => {
    const names = await env.SCHEMA_DB.prepare('SELECT name FROM d1_migrations ORDER BY id').all()
    expect(names.results).toEqual(env.TEST_MIGRATIONS.map(({ name }) => ({ name })))
    const later = { name: '9999_later.sql', queries: ['ALTER TABLE users ADD COLUMN later TEXT'] }
    await applyD1Migrations(env.SCHEMA_DB, [...env.TEST_MIGRATIONS, later])
    expect(await env.SCHEMA_DB.prepare('SELECT count(later) AS n FROM users').first('n')).toBe(0)
  })

  it('has no name that is kept for tables of somebody’s own', async () => {
    const names = (await structure(env.DB)).map(({ name }) => name)
    expect(names).toContain('users')
    expect(names.filter((name) => /^my_/i.test(name))).toEqual([])
  })

  it('is what /ready asks for', async () => {
    expect(needed.toSorted()).toEqual(env.TEST_MIGRATIONS.map(({ name }) => name))
    expect(await databaseFault(env.SCHEMA_DB, needed)).toBeUndefined()
  })

  it.each(needed)('is incomplete for /ready without %s, whatever else was applied', async (name) => {
    const run = (text: string, value: string) => env.SCHEMA_DB.prepare(text).bind(value).run()
    await run('INSERT INTO d1_migrations (name) VALUES (?)', '9001_of_somebody.sql')
    await run('DELETE FROM d1_migrations WHERE name = ?', name)
    expect(await databaseFault(env.SCHEMA_DB, needed)).toBe('migrations_missing')
    await run('INSERT INTO d1_migrations (name) VALUES (?)', name)
    expect(await databaseFault(env.SCHEMA_DB, needed)).toBeUndefined()
    await run('DELETE FROM d1_migrations WHERE name = ?', '9001_of_somebody.sql')
  })

  it('names a migration that is refused', async () => {
    const wrong = { name: 'yours/0001_wrong.sql', queries: ['CREATE TABEL wrong (id INTEGER)'] }
    const migrating = migrate(env.SCHEMA_DB, [...env.TEST_MIGRATIONS, wrong])
    await expect(migrating).rejects.toThrow(/^yours\/0001_wrong\.sql was not applied: .*near "TABEL"/)
  })

  it('starts without any user', async () => {
    expect(await env.DB.prepare('SELECT count(*) AS n FROM users').first('n')).toBe(0)
  })
})

describe('users', () => {
  it('takes a row that names id, email and hashed_password only, and counts it as verified', async () => {
    await env.DB.prepare(
      `INSERT INTO users (id, email, hashed_password) VALUES (7, 'Old@Example.com', '$2b$12$x')`,
    ).run()
    const row = await env.DB.prepare('SELECT * FROM users WHERE id = 7').first()
    expect(row).toMatchObject({
      canonical_email: 'old@example.com',
      email_verified: 1,
      password_set_at: null,
      disabled_at: null,
      roles: '[]',
    })
  })

  it.each([
    ['an address that differs by case only', `INSERT INTO users (email) VALUES ('OLD@example.COM')`],
    ['roles that are no list', `INSERT INTO users (email, roles) VALUES ('r@example.com', '{}')`],
    ['a time that is text', `INSERT INTO users (email, disabled_at) VALUES ('t@example.com', 'soon')`],
    [
      'a session that never ends',
      `INSERT INTO sessions (id, user_id, created_at, expires_at) VALUES ('s', 7, 1, NULL)`,
    ],
    ['a session of nobody', `INSERT INTO sessions (id, user_id, created_at, expires_at) VALUES ('s', 999, 1, 2)`],
  ])('refuses %s', async (_name, sql) => {
    await expect(env.DB.prepare(sql).run()).rejects.toThrow(/constraint|cannot store|malformed/i)
  })

  it('keeps the audit trail as it was written', async () => {
    await env.DB.prepare(`INSERT INTO audit_events (at, event) VALUES (1, 'logged_out')`).run()
    await expect(env.DB.prepare(`UPDATE audit_events SET at = 2`).run()).rejects.toThrow('append-only')
  })
})
