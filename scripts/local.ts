import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { getPlatformProxy, unstable_readConfig } from 'wrangler'
import { newSigningKeys } from './signing-keys.ts'

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
  writeFileSync(path, [...lines, `SIGNING_KEYS=${JSON.stringify(newSigningKeys())}\n`].join(''), {
    mode: 0o600,
    flag: 'wx',
  })
  return true
}

/** Databases by their bindings. */
export type Databases = { DB: D1Database } & Record<string, D1Database>

/**
 * Lends the local D1 databases that `wrangler dev --persist-to DIR` uses. The configuration is cut down to them: other
 * bindings would start here too.
 */
export async function withLocalD1<T>(
  persistTo: string,
  use: (db: D1Database, all: Databases) => Promise<T>,
): Promise<T> {
  const { name, compatibility_date, d1_databases } = unstable_readConfig({ config: join(ROOT, 'wrangler.toml') })
  const folder = join(ROOT, '.wrangler')
  mkdirSync(folder, { recursive: true })
  const configPath = join(folder, `d1-only.${process.pid}.json`) // two commands may run at once
  writeFileSync(configPath, JSON.stringify({ name, compatibility_date, d1_databases }))
  const persist = { path: join(resolve(persistTo), 'v3') } // the folder that wrangler itself appends
  const started = getPlatformProxy<Databases>({ configPath, persist, remoteBindings: false })
  const { env, dispose } = await started.finally(() => rmSync(configPath, { force: true }))
  try {
    return await use(env.DB, env)
  } finally {
    await dispose()
  }
}
