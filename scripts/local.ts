import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { getPlatformProxy, unstable_readConfig, unstable_splitSqlQuery } from 'wrangler'

/** wrangler asks Cloudflare for edge data, usage statistics and news unless it is told not to. */
export const OFFLINE = {
  CLOUDFLARE_CF_FETCH_ENABLED: 'false',
  WRANGLER_SEND_METRICS: 'false',
  WRANGLER_HIDE_BANNER: 'true',
}

export const ROOT = resolve(import.meta.dirname, '..')

/** Writes `.dev.vars` with fresh secrets, readable by its owner alone, unless there is one. Says whether it did. */
export function writeSecrets(path = join(ROOT, '.dev.vars')): boolean {
  if (existsSync(path)) return false
  const lines = ['JWT_SECRET_KEY', 'LATCHKEY_SECRET'].map(
    (name) => `${name}=${randomBytes(32).toString('base64url')}\n`,
  )
  writeFileSync(path, lines.join(''), { mode: 0o600, flag: 'wx' })
  return true
}

/**
 * Lends the local D1 database that `wrangler dev --persist-to DIR` uses. The configuration is cut down to the
 * database: other bindings would start here too.
 */
export async function withLocalD1<T>(persistTo: string, use: (db: D1Database) => Promise<T>): Promise<T> {
  const { name, compatibility_date, d1_databases } = unstable_readConfig({ config: join(ROOT, 'wrangler.toml') })
  const folder = join(ROOT, '.wrangler')
  mkdirSync(folder, { recursive: true })
  const configPath = join(folder, `d1-only.${process.pid}.json`) // two commands may run at once
  writeFileSync(configPath, JSON.stringify({ name, compatibility_date, d1_databases }))
  const persist = { path: join(resolve(persistTo), 'v3') } // the folder that wrangler itself appends
  const started = getPlatformProxy<{ DB: D1Database }>({ configPath, persist, remoteBindings: false })
  const { env, dispose } = await started.finally(() => rmSync(configPath, { force: true }))
  try {
    return await use(env.DB)
  } finally {
    await dispose()
  }
}

/** Applies what `wrangler d1 migrations apply` would, in the same bookkeeping, without asking. */
export async function applyMigrations(db: D1Database): Promise<string[]> {
  await db
    .prepare(
      `CREATE TABLE IF NOT EXISTS d1_migrations(
		id         INTEGER PRIMARY KEY AUTOINCREMENT,
		name       TEXT UNIQUE,
		applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL
)`,
    )
    .run()
  const { results } = await db.prepare('SELECT name FROM d1_migrations').all<{ name: string }>()
  const applied = new Set(results.map(({ name }) => name))
  const folder = join(ROOT, 'migrations')
  const missing = readdirSync(folder)
    .filter((name) => name.endsWith('.sql') && !applied.has(name))
    .sort()
  for (const name of missing) {
    const statements = unstable_splitSqlQuery(readFileSync(join(folder, name), 'utf8'))
    const record = db.prepare('INSERT INTO d1_migrations (name) VALUES (?)').bind(name)
    await db.batch([...statements.map((statement) => db.prepare(statement)), record])
  }
  return missing
}
