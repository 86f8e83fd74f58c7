import { ADMIN } from '../../src/core/users/roles.ts'
import { first } from '../../src/core/d1.ts'
import { Problem } from '../../src/problem.ts'
import { type Sql, sql } from '../../src/lib/sql.ts'
import { keptAccounts } from '../kept-accounts.ts'
import { withLocalD1 } from '../local.ts'
import { checkMigrations, type DatabaseOf } from './check-migrations.ts'
import { explain } from './explain.ts'
import { clock, type Finding, finding, reasonOf } from './finding.ts'
import { wranglerD1 } from './wrangler-d1.ts'

/** What the databases say about themselves. They are looked at as they are: no migration is applied. */
export async function checkDatabase(remote: boolean, persistTo: string, now: number): Promise<Finding[]> {
  const check = (databaseOf: DatabaseOf) => findings(databaseOf, remote ? '--remote' : '--local', now)
  try {
    if (remote) return await check((binding) => wranglerD1(['--remote'], binding))
    return await withLocalD1(persistTo, (_, databases) => check((binding) => databases[binding]!))
  } catch (error) {
    return [{ level: 'fail', about: 'database', text: error instanceof Problem ? explain(error) : reasonOf(error) }]
  }
}

async function findings(databaseOf: DatabaseOf, where: string, now: number): Promise<Finding[]> {
  const migrations = await checkMigrations(databaseOf, where)
  if (migrations.some(({ level, about }) => level === 'fail' && about === 'migrations')) return migrations
  const kept = await keptAccounts(databaseOf('DB'))
  const row = await first<{ now: number; unreadable: number; admins: number; keys: number }>(
    databaseOf('DB'),
    sql`SELECT unixepoch() AS now, (SELECT count(*) FROM users WHERE ${unreadable}) AS unreadable,
      (SELECT count(*) FROM users WHERE roles <> '[]' AND disabled_at IS NULL AND email_verified = 1
        AND EXISTS (SELECT 1 FROM json_each(roles) WHERE value = ${ADMIN})) AS admins,
      (SELECT count(DISTINCT key_name) FROM totp) AS keys`,
  )
  const { unreadable: broken = 0, admins = 0, keys = 0 } = row ?? {}
  return [
    ...migrations,
    clock('clock of the database', row?.now ?? 0, now),
    finding('accounts', kept.length === 0, 'can be deleted', { warn: kept.join('; ') }),
    finding('passwords', broken === 0, 'can all be verified', {
      warn: `${broken} users have a hash that cannot be verified: they have to reset their password`,
    }),
    finding('apps', keys <= 1, 'have their secrets encrypted with one key', {
      warn: `their secrets are encrypted with ${keys} keys: secret rotate --reencrypt, before the old one is deleted`,
    }),
    finding('admins', admins > 0, `${admins} can sign in`, { warn: 'nobody can administer: admin create <email>' }),
  ]
}

/** Hashes that `core/passwords/passwords.ts` does not verify. */
const unreadable: Sql = sql`hashed_password IS NOT NULL
  AND (length(hashed_password) <> 60 OR hashed_password NOT GLOB '$2[aby]$[0-9][0-9]$*')`
