/**
 * How fast is Latchkey, beside others and beside itself with more to do? `npm run bench [-- --quick] [-- --only NAME]`.
 * Linux only: CPU is read from /proc. A complete run, about 17 minutes, writes docs/benchmarks.md.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, release, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ROOT } from '../scripts/local.ts'
import { BENCH } from './bundle.ts'
import { hasWrk } from './load.ts'
import { type Section, verdicts } from './report.ts'
import { growth, revoked } from './scenarios/growth.ts'
import { hash, login, refresh } from './scenarios/login.ts'
import type { Pace } from './scenarios/pace.ts'
import { startup } from './scenarios/startup.ts'
import { published, tokens, verify } from './scenarios/verify.ts'

const SCENARIOS: Record<string, (pace: Pace) => Promise<Section[]>> = {
  verify,
  tokens,
  published,
  login,
  hash,
  refresh,
  growth,
  revoked,
  startup,
}

const METHOD = `## Method

Every contender is bundled and minified as \`wrangler deploy\` does it with this project's settings. Each runs in its own
workerd with its own D1 database in memory. Requests go over loopback straight to the Worker's socket, without the proxies
of \`wrangler dev\`. Before the measurement, each contender must answer 200 to a good token, and 401 to a tampered token and
to none (the bare ones check nothing and must answer 401 to none). Any answer outside 2xx ends the run.

Contenders run in turn, forwards and then backwards, one second each, as one round, after a short warm-up. The same program
differs by a tenth from process to process. For guarded routes and for logins without their hash, all contenders are
therefore restarted after every three rounds. A ratio is taken within each round. The tables show the median of the rounds
and, in brackets, the quartiles. CPU is what the kernel counted for the process (user and system, including D1 and its
writes). **CPU decides**: requests per second also depend on the load generator, which shares the machine. Differences under
10 % are noise. Absolute numbers do not compare between machines. Latencies are those of a busy server.

The load comes from ${hasWrk ? 'wrk' : 'a small client over node:net'} with 32 connections for guarded routes and 8 for logins and refreshes. Logins with their hash are
counted out, two at a time. Latchkey's log is off (\`REQUEST_LOG\`), because the others write none.

One row of each table has no figures under "requests/s of" and "CPU of". The other rows show its figure divided by theirs.`

const { values } = parseArgs({ options: { quick: { type: 'boolean', default: false }, only: { type: 'string' } } })
const { quick, only } = values
if (only !== undefined && !(only in SCENARIOS))
  throw new Error(`--only takes one of ${Object.keys(SCENARIOS).join(', ')}.`)

if (!existsSync(join(BENCH, 'node_modules'))) {
  execFileSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: BENCH, stdio: 'inherit' })
}

// Databases and requests in memory: how long a disk takes to confirm a write says nothing of a Worker.
if (existsSync('/dev/shm')) process.env['TMPDIR'] = '/dev/shm'
const folder = mkdtempSync(join(tmpdir(), 'bench-'))
const pace: Pace = quick
  ? { rounds: 3, seconds: 1, sizes: [1_000, 10_000, 100_000], revocations: [0, 10_000, 100_000], starts: 5, folder }
  : {
      rounds: 10,
      seconds: 1,
      sizes: [1_000, 100_000, 1_000_000],
      revocations: [0, 10_000, 1_000_000],
      starts: 30,
      folder,
    }

const began = Date.now()
const sections: Section[] = []
try {
  for (const [name, scenario] of Object.entries(SCENARIOS)) {
    if (only !== undefined && name !== only) continue
    for (const section of await scenario(pace)) {
      sections.push(section)
      console.log(`\n${body(section)}`)
    }
  }
} finally {
  rmSync(folder, { recursive: true })
}
const targets = verdicts(sections.flatMap((section) => section.targets))
const minutes = ((Date.now() - began) / 60_000).toFixed(1)
console.log(`\n${targets}\n\n${minutes} minutes`)
if (!quick && only === undefined) writeFileSync(join(ROOT, 'docs', 'benchmarks.md'), document())

function body({ title, note, table }: Section): string {
  return [`## ${title}`, note, table].filter(Boolean).join('\n\n')
}

function document(): string {
  const versions = [
    ...[ROOT, BENCH].flatMap((folder) => packages(folder)),
    `Node ${process.version}`,
    ...[
      ['wrk', '--version'],
      ['/usr/bin/python3', '--version'],
      ['/usr/bin/gunicorn', '--version'],
    ].map(firstLine),
  ]
  const [cpu] = cpus()
  const machine = `${cpus().length} x ${cpu?.model ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}`
  return (
    [
      '# Benchmarks',
      `\`npm run bench\` wrote this page on ${new Date().toISOString().slice(0, 10)}, in ${minutes} minutes.`,
      `- Machine: ${machine}\n- Versions: ${versions.join(', ')}`,
      METHOD,
      '## Targets',
      targets,
      ...sections.map(body),
    ].join('\n\n') + '\n'
  )
}

/** What is compared, as it is pinned. */
function packages(folder: string): string[] {
  const { dependencies, devDependencies } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    [kind: string]: Record<string, string> | undefined
  }
  const shown = ['hono', 'bcryptjs', 'wrangler', 'better-auth']
  const all = Object.entries({ ...dependencies, ...devDependencies })
  return all.filter(([name]) => shown.includes(name)).map((pair) => pair.join(' '))
}

function firstLine([command, ...args]: string[]): string {
  const { stdout } = spawnSync(command!, args, { encoding: 'utf8' })
  return stdout ? stdout.split('\n')[0]!.replace(/ Copyright.*/, '') : `no ${command}`
}
