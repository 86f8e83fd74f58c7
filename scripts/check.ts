/** What CI runs: every check of the project in turn, and the size of what would be deployed. Stops at the first failure. */
import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { OFFLINE, ROOT } from './local.ts'

/** Bytes, gzipped: a third of what better-auth 1.x weighs (219 KiB), with pages, administration and imported hashes. */
const BUNDLE_MAX_BYTES = 74_752

const OUTPUT = join('.wrangler', 'dry-run')

const steps: [name: string, command: string][] = [
  ['bindings', 'wrangler types --check'],
  ['types', 'tsc --noEmit'],
  ['types of scripts', 'tsc --noEmit -p tsconfig.node.json'],
  ['lint', 'oxlint --type-aware --deny-warnings'],
  ['format', 'prettier --check --log-level warn .'],
  ['tests', 'vitest run --coverage'],
  ['end to end', 'vitest run --config vitest.e2e.config.ts'],
  ['bundle', `wrangler deploy --dry-run --outdir ${OUTPUT}`],
]

for (const [name, command] of steps) {
  console.log(`\n--- ${name}: ${command}`)
  const { status } = spawnSync(command, {
    cwd: ROOT,
    shell: true,
    stdio: 'inherit',
    env: { ...process.env, ...OFFLINE },
  })
  if (status !== 0) {
    console.error(`--- ${name}: failed`)
    process.exit(status ?? 1)
  }
}

const size = gzipSync(readFileSync(join(ROOT, OUTPUT, 'index.js'))).length
rmSync(join(ROOT, OUTPUT), { recursive: true })
console.log(`\n--- the bundle is ${(size / 1000).toFixed(1)} kB gzipped, of ${BUNDLE_MAX_BYTES / 1000} kB allowed`)
process.exit(size <= BUNDLE_MAX_BYTES ? 0 : 1)
