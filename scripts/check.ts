/**
 * Every check of the project in turn, and the size of what would be deployed. Stops at the first failure. After `npm test`,
 * `--tested` runs of its tests only those that try more often here.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { gzipSync } from 'node:zlib'
import { OFFLINE, ROOT } from './local.ts'
import { copyWithoutYours } from './without-yours.ts'

/**
 * Bytes, gzipped: 43 % of better-auth 1.7.25 with the plugins for the same features, which weighed 441,568 on 2026-11-29.
 * `npm run bench -- --only startup` measures both: see docs/decisions/027.
 */
const BUNDLE_MAX_BYTES = Math.floor(441_568 * 0.43)

const copy = copyWithoutYours()

const END_TO_END = 'end to end'
const REPORT = join(copy, 'end-to-end.json')

const isTested = process.argv.includes('--tested')

const steps: [name: string, command: string][] = [
  ['bindings', 'wrangler types --check'],
  ['types', 'tsc --noEmit'],
  ['types of scripts', 'tsc --noEmit -p tsconfig.node.json'],
  ['lint', 'oxlint --type-aware --deny-warnings'],
  ['format', 'prettier --check --log-level warn .'],
  ['tests', `vitest run${isTested ? ' --tags-filter=many' : ''}`],
  [
    END_TO_END,
    `vitest run --config vitest.e2e.config.ts --reporter=default --reporter=json --outputFile.json="${REPORT}"`,
  ],
  ['bundle', `wrangler deploy --dry-run --config "${copy}/wrangler.toml" --outdir "${copy}/out"`],
]

for (const [name, command] of steps) {
  console.log(`\n--- ${name}: ${command}`)
  let status = run(command)
  if (status !== 0 && name === END_TO_END) status = againAlone(command)
  if (status !== 0) {
    console.error(`--- ${name}: failed`)
    process.exit(status)
  }
}

function run(command: string): number {
  const env = { ...process.env, ...OFFLINE, AT_LENGTH: 'yes' }
  return spawnSync(command, { cwd: ROOT, shell: true, stdio: 'inherit', env }).status ?? 1
}

/**
 * Runs the end-to-end files that failed once more. Browsers, processes and timers share two busy cores there, and one
 * late answer in hundreds of tests should not hide all other results. What fails twice has failed.
 */
function againAlone(command: string): number {
  if (!existsSync(REPORT)) return 1
  const { testResults } = JSON.parse(readFileSync(REPORT, 'utf8')) as {
    testResults: { name: string; status: string }[]
  }
  const failed = testResults.filter(({ status }) => status === 'failed').map(({ name }) => relative(ROOT, name))
  if (failed.length === 0) return 1 // it was not a test that failed
  console.error(`\n--- ${END_TO_END}: once more: ${failed.join(' ')}`)
  return run(`${command} ${failed.join(' ')}`)
}

const size = gzipSync(readFileSync(join(copy, 'out/index.js'))).length
console.log(
  `\n--- the bundle is ${(size / 1000).toFixed(1)} kB gzipped, of ${(BUNDLE_MAX_BYTES / 1000).toFixed(1)} kB allowed`,
)
process.exit(size <= BUNDLE_MAX_BYTES ? 0 : 1)
