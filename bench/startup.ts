/**
 * What does Latchkey add to the start of an isolate, against a bare Hono app? Bundles both as `wrangler deploy` would,
 * starts each in a workerd of its own with the same bindings, and compares the CPU time that this workerd has used
 * when the first request is answered. Linux only. `node bench/startup.ts [rounds, 15 unless told]`
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import { convertV4MiniflareOptions, Miniflare } from 'miniflare'
import { OFFLINE, ROOT } from '../scripts/local.ts'

const rounds = Number(process.argv[2] ?? 15)
if (!Number.isInteger(rounds) || rounds < 1) throw new Error('How many rounds? A whole number from 1 on.')

const BARE = `import { DurableObject } from 'cloudflare:workers'
import { Hono } from 'hono'
export class Doorkeeper extends DurableObject {}
export default new Hono().get('/health', (c) => c.json({ status: 'ok' }))
`

const NANOSECONDS_PER_MS = 1e6
const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))

type Cpu = { ticksMs: number; exactMs: number }

// Beside node_modules, so that the bare app finds Hono; git ignores the folder.
mkdirSync(join(ROOT, '.wrangler'), { recursive: true })
const folder = mkdtempSync(join(ROOT, '.wrangler', 'bench-startup-'))
try {
  writeFileSync(join(folder, 'bare.ts'), BARE)
  const scripts = { 'bare Hono': bundle(join(folder, 'bare.ts')), Latchkey: bundle(join(ROOT, 'src', 'index.ts')) }
  const used: Record<string, Cpu[]> = { 'bare Hono': [], Latchkey: [] }
  for (let round = 0; round <= rounds; round++) {
    for (const [name, script] of Object.entries(scripts)) {
      const cpu = await start(script)
      if (round > 0) used[name]!.push(cpu) // the first round reads workerd from the disk
    }
  }

  console.log(`${rounds} starts each; CPU of workerd until the first answer, median of milliseconds\n`)
  console.log(line('', '/proc/PID/stat', 'schedstat', 'bundle, bytes', 'gzipped'))
  for (const [name, script] of Object.entries(scripts)) {
    const sizes = [script.length, gzipSync(script).length]
    console.log(line(name, median(used[name]!, 'ticksMs'), median(used[name]!, 'exactMs').toFixed(1), ...sizes))
  }
  const more = (clock: keyof Cpu) => median(used['Latchkey']!, clock) - median(used['bare Hono']!, clock)
  console.log(line('difference', more('ticksMs'), more('exactMs').toFixed(1)))
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/** What a deploy would upload, with this project's configuration whatever the entry is. */
function bundle(entry: string): Buffer {
  const output = join(folder, 'out')
  const wrangler = join(ROOT, 'node_modules', 'wrangler', 'bin', 'wrangler.js')
  execFileSync(process.execPath, [wrangler, 'deploy', entry, '--dry-run', '--outdir', output], {
    cwd: ROOT,
    env: { ...process.env, ...OFFLINE },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const name = entry.endsWith('bare.ts') ? 'bare.js' : 'index.js'
  return readFileSync(join(output, name))
}

async function start(script: Buffer): Promise<Cpu> {
  const before = new Set(workerds())
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      modules: true,
      script: script.toString('utf8'),
      compatibilityDate: /^compatibility_date = "(.+)"/m.exec(readFileSync(join(ROOT, 'wrangler.toml'), 'utf8'))![1]!,
      d1Databases: ['DB'],
      durableObjects: { DOORKEEPER: { className: 'Doorkeeper', useSQLite: true } },
      bindings: { JWT_SECRET_KEY: 'only for this measurement: thirty-two bytes' },
      cf: false,
      telemetry: { enabled: false },
    }),
  )
  try {
    const url = await miniflare.ready
    const response = await fetch(new URL('/health', url))
    await response.arrayBuffer()
    if (response.status !== 200) throw new Error(`The first answer was ${response.status}.`)
    const [pid, ...others] = workerds().filter((id) => !before.has(id))
    if (pid === undefined || others.length > 0) throw new Error('There should be exactly one new workerd.')
    return cpuOf(pid)
  } finally {
    await miniflare.dispose()
  }
}

/** The workerd processes that this process started. */
function workerds(): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      const [, parent] = statOf(pid)
      return Number(parent) === process.pid && resolve(readlinkSync(`/proc/${pid}/exe`)).endsWith('/workerd')
    } catch {
      return false
    }
  })
}

/** Twice: `stat` counts whole ticks, mostly of 10 ms; `schedstat` nanoseconds, but not those of threads that ended. */
function cpuOf(pid: string): Cpu {
  const fields = statOf(pid)
  const [user, system] = [Number(fields[11]), Number(fields[12])]
  const threads = readdirSync(`/proc/${pid}/task`).map((thread) =>
    Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]),
  )
  const nanoseconds = threads.reduce((sum, time) => sum + time, 0)
  return { ticksMs: ((user + system) * 1000) / TICKS_PER_SECOND, exactMs: nanoseconds / NANOSECONDS_PER_MS }
}

/** The fields after the program's name, which may hold anything: state, parent, ... (proc(5)). */
function statOf(pid: string): string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
}

function median(list: Cpu[], clock: keyof Cpu): number {
  return list.map((cpu) => cpu[clock]).toSorted((a, b) => a - b)[Math.floor((list.length - 1) / 2)]!
}

function line(name: string, ...columns: (string | number)[]): string {
  return name.padEnd(12) + columns.map((column) => String(column).padStart(16)).join('')
}
