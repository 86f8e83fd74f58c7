/**
 * Applies the migrations of every database of wrangler.toml that has some, then uploads the Worker. Arguments go to
 * `wrangler deploy`; an environment is named to all.
 */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ROOT } from './local.ts'
import { migratedDatabases } from './migrations.ts'

const args = process.argv.slice(2)
const { values } = parseArgs({ args, strict: false, options: { env: { type: 'string', short: 'e' } } })
const environment = values.env === undefined ? [] : ['--env', String(values.env)]

for (const { binding } of migratedDatabases()) {
  wrangler('d1', 'migrations', 'apply', binding, '--remote', ...environment)
}
wrangler('deploy', ...args)

/** Ends this process where wrangler fails. */
function wrangler(...given: string[]): void {
  const bin = join(ROOT, 'node_modules', 'wrangler', 'bin', 'wrangler.js')
  const { status } = spawnSync(process.execPath, [bin, ...given], { cwd: ROOT, stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}
