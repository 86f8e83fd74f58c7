/**
 * What does it cost to compare the hashes of other systems, in workerd? Bundles the comparison as `wrangler deploy` would
 * and prints CPU milliseconds, the rounds of bcrypt that take as long, and what the code reckons with (`rounds` in
 * src/core/passwords/hashes). `node bench/hashes.ts [runs of each, 5 unless told]`
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { convertV4MiniflareOptions, Miniflare } from 'miniflare'
import { OFFLINE, ROOT } from '../scripts/local.ts'

const runs = Number(process.argv[2] ?? 5)
if (!Number.isInteger(runs) || runs < 1) throw new Error('How many runs? A whole number from 1 on.')

const [hex, base64] = [
  (bytes: number) => '0'.repeat(2 * bytes),
  (bytes: number) => Buffer.alloc(bytes).toString('base64'),
]

const HASHES = [
  `scrypt:32768:8:1$salt$${hex(64)}`,
  `scrypt:65536:8:2$salt$${hex(64)}`,
  `scrypt$16384$salt$8$5$${base64(64)}`,
  `${hex(16)}:${hex(64)}`,
  `$firebase-scrypt$ln=14,r=8$${base64(8)}$Bw==$${base64(64)}$${base64(64)}`,
  ...['sha1', 'sha256', 'sha512'].flatMap((digest, i) => {
    const key = hex([20, 32, 64][i]!)
    return [100_000, 260_000, 1_200_000].map((rounds) => `pbkdf2:${digest}:${rounds}$salt$${key}`)
  }),
  `pbkdf2_sha256$2000000$salt$${base64(32)}`,
  ...['B', 'H', 'J'].map((log) => `$P$${log}${'.'.repeat(30)}`),
]

const ENTRY = `import { DurableObject } from 'cloudflare:workers'
import bcrypt from 'bcryptjs'
import { readHash } from '${join(ROOT, 'src/core/passwords/hashes/index.ts')}'

export class Doorkeeper extends DurableObject {} // the configuration names it

const best = async (runs, work) => {
  let least = Infinity
  for (let run = 0; run < runs; run++) {
    const start = performance.now()
    await work()
    least = Math.min(least, performance.now() - start)
  }
  return least
}

export default {
  async fetch(request) {
    const { runs, hashes } = await request.json()
    const decoy = '$2b$12$' + 'latchkey.decoy'.padEnd(53, '.')
    const bcryptMs = await best(runs, () => bcrypt.compareSync('password', decoy))
    const rows = []
    for (const text of hashes) {
      const { rounds, matches } = readHash(text)
      rows.push({ text, rounds, ms: await best(runs, () => matches('password')) })
    }
    return Response.json({ bcryptMs, rows })
  },
}
`

type Measured = { bcryptMs: number; rows: { text: string; rounds: number; ms: number }[] }

// Beside node_modules, so that the bundler finds them; git ignores the folder.
mkdirSync(join(ROOT, '.wrangler'), { recursive: true })
const folder = mkdtempSync(join(ROOT, '.wrangler', 'bench-hashes-'))
try {
  writeFileSync(join(folder, 'entry.js'), ENTRY)
  const wrangler = join(ROOT, 'node_modules', 'wrangler', 'bin', 'wrangler.js')
  const args = ['deploy', join(folder, 'entry.js'), '--dry-run', '--outdir', join(folder, 'out')]
  execFileSync(process.execPath, [wrangler, ...args], {
    cwd: ROOT,
    env: { ...process.env, ...OFFLINE },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const { bcryptMs, rows } = await measured(readFileSync(join(folder, 'out', 'entry.js'), 'utf8'))
  console.log(`bcrypt, cost 12: ${bcryptMs.toFixed(0)} ms\n`)
  console.log(line('', 'ms', 'as rounds', 'reckoned'))
  for (const { text, rounds, ms } of rows) {
    console.log(line(text.slice(0, 34), ms.toFixed(0), ((ms / bcryptMs) * 2 ** 12).toFixed(0), rounds.toFixed(0)))
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}

async function measured(script: string): Promise<Measured> {
  const compatibilityDate = /^compatibility_date = "(.+)"/m.exec(readFileSync(join(ROOT, 'wrangler.toml'), 'utf8'))![1]!
  const options = { modules: true, script, compatibilityDate, cf: false, telemetry: { enabled: false } } as const
  const miniflare = new Miniflare(convertV4MiniflareOptions(options))
  try {
    const body = JSON.stringify({ runs, hashes: HASHES })
    const answer = await miniflare.dispatchFetch('http://bench/', { method: 'POST', body })
    return (await answer.json()) as Measured
  } finally {
    await miniflare.dispose()
  }
}

function line(name: string, ...columns: string[]): string {
  return name.padEnd(36) + columns.map((column) => column.padStart(11)).join('')
}
