import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { ADMIN } from '../../src/core/administration.ts'
import { all, first } from '../../src/core/d1.ts'
import { Problem } from '../../src/core/problem.ts'
import { type Sql, sql } from '../../src/lib/sql.ts'
import { ROOT, withLocalD1 } from '../local.ts'
import { explain } from './explain.ts'
import { clock, type Finding, finding, reasonOf } from './finding.ts'
import { wranglerD1 } from './wrangler-d1.ts'

/** What a database says about itself. It is looked at as it is: no migration is applied. */
export async function checkDatabase(remote: boolean, persistTo: string, now: number): Promise<Finding[]> {
  const check = (db: D1Database) => findings(db, remote ? '--remote' : '--local', now)
  try {
    return await (remote ? check(wranglerD1(['--remote'])) : withLocalD1(persistTo, check))
  } catch (error) {
    return [{ level: 'fail', about: 'database', text: error instanceof Problem ? explain(error) : reasonOf(error) }]
  }
}

async function findings(db: D1Database, where: string, now: number): Promise<Finding[]> {
  const kept = sql`SELECT name FROM sqlite_schema WHERE name = 'd1_migrations'`
  const applied = (await first(db, kept)) ? await all<{ name: string }>(db, sql`SELECT name FROM d1_migrations`) : []
  const missing = readdirSync(join(ROOT, 'migrations')).filter(
    (file) => file.endsWith('.sql') && !applied.some(({ name }) => name === file),
  )
  const migrations = finding('migrations', missing.length === 0, 'are applied', {
    fail: `${missing.length} are missing: npx wrangler d1 migrations apply DB ${where}`,
  })
  if (missing.length > 0) return [migrations]
  const row = await first<{ now: number; unreadable: number; admins: number }>(
    db,
    sql`SELECT unixepoch() AS now, (SELECT count(*) FROM users WHERE ${unreadable}) AS unreadable,
      (SELECT count(*) FROM users WHERE roles <> '[]' AND disabled_at IS NULL AND email_verified = 1
        AND EXISTS (SELECT 1 FROM json_each(roles) WHERE value = ${ADMIN})) AS admins`,
  )
  const { unreadable: broken = 0, admins = 0 } = row ?? {}
  return [
    migrations,
    clock('clock of the database', row?.now ?? 0, now),
    finding('passwords', broken === 0, 'can all be verified', {
      warn: `${broken} users have a hash that cannot be verified: they have to reset their password`,
    }),
    finding('admins', admins > 0, `${admins} can sign in`, { warn: 'nobody can administer: admin create <email>' }),
  ]
}

/** Hashes that `core/passwords.ts` does not verify. */
const unreadable: Sql = sql`hashed_password IS NOT NULL
  AND (length(hashed_password) <> 60 OR hashed_password NOT GLOB '$2[aby]$[0-9][0-9]$*')`
