/**
 * Every check of the project in turn, and the size of what would be deployed. Stops at the first failure. After `npm test`,
 * `--tested` runs of its tests only those that try more often here.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { OFFLINE, ROOT } from './local.ts'
import { copyWithoutYours } from './without-yours.ts'

/**
 * Bytes, gzipped: a third of better-auth 1.7.25 with the plugins for the same features, which weighed 439,504 on 2026-11-28.
 * `npm run bench -- --only startup` measures both: see docs/decisions/018.
 */
const BUNDLE_MAX_BYTES = Math.floor(439_504 / 3)

const copy = copyWithoutYours()

const isTested = process.argv.includes('--tested')

const steps: [name: string, command: string][] = [
  ['bindings', 'wrangler types --check'],
  ['types', 'tsc --noEmit'],
  ['types of scripts', 'tsc --noEmit -p tsconfig.node.json'],
  ['lint', 'oxlint --type-aware --deny-warnings'],
  ['format', 'prettier --check --log-level warn .'],
  ['tests', `vitest run${isTested ? ' --tags-filter=many' : ''}`],
  ['end to end', 'vitest run --config vitest.e2e.config.ts'],
  ['bundle', `wrangler deploy --dry-run --config "${copy}/wrangler.toml" --outdir "${copy}/out"`],
]

for (const [name, command] of steps) {
  console.log(`\n--- ${name}: ${command}`)
  const { status } = spawnSync(command, {
    cwd: ROOT,
    shell: true,
    stdio: 'inherit',
    env: { ...process.env, ...OFFLINE, AT_LENGTH: 'yes' },
  })
  if (status !== 0) {
    console.error(`--- ${name}: failed`)
    process.exit(status ?? 1)
  }
}

const size = gzipSync(readFileSync(join(copy, 'out/index.js'))).length
console.log(
  `\n--- the bundle is ${(size / 1000).toFixed(1)} kB gzipped, of ${(BUNDLE_MAX_BYTES / 1000).toFixed(1)} kB allowed`,
)
process.exit(size <= BUNDLE_MAX_BYTES ? 0 : 1)
