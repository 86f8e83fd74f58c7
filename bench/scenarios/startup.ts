import { gzipSync } from 'node:zlib'
import { script } from '../bundles.ts'
import { exactCpuMs } from '../process-cpu.ts'
import { type Section, table } from '../report.ts'
import { median } from '../rounds.ts'
import { startWorker } from '../server.ts'
import type { Pace } from './pace.ts'

/** What a start took over bare Hono on 2026-11-25: it may take 1.5 of that. */
const AGREED_MS = 11.3

/** What a contender adds to the start of an isolate, and what it weighs. CPU of workerd until the first answer. */
export async function startup(pace: Pace): Promise<Section[]> {
  const names = ['bare Hono', 'Latchkey', 'better-auth', 'better-auth, same features'] as const
  const used = Object.fromEntries(names.map((name) => [name, [] as number[]]))
  for (let round = 0; round <= pace.starts; round++) {
    for (const name of names) {
      const milliseconds = await start(script(name))
      if (round > 0) used[name]!.push(milliseconds) // the first round reads workerd from the disk
    }
  }
  const gzipped = (name: (typeof names)[number]) => gzipSync(script(name)).length
  const least = (name: string) => Math.min(...used[name]!)
  const more = (name: string) => least(name) - least('bare Hono')
  const rows = names.map((name) => {
    const bytes = [script(name).length, gzipped(name)].map((count) => count.toLocaleString('en'))
    return [name, ...[least(name), median(used[name]!), more(name)].map((ms) => ms.toFixed(1)), ...bytes]
  })
  return [
    {
      title: 'Start and size',
      note:
        'From the start of workerd to the first answer of `GET /health`, without a database call. The lowest of ' +
        `${pace.starts} starts is compared, because anything else that the machine does adds to the others. "The same features" ` +
        'are the plugins passkey, twoFactor, magicLink, emailOTP, genericOAuth, oauthProvider, admin, jwt and haveIBeenPwned.',
      table: table(['', 'CPU, ms, least', 'median', 'least, over bare Hono', 'bundle, bytes', 'gzipped'], rows),
      targets: [
        {
          what: "CPU of a start over bare Hono, of better-auth's",
          value: more('Latchkey') / more('better-auth'),
          most: 0.5,
        },
        { what: `CPU of a start over bare Hono, of ${AGREED_MS} ms`, value: more('Latchkey') / AGREED_MS, most: 1.5 },
        {
          what: "gzipped bundle, of better-auth's with the same features",
          value: gzipped('Latchkey') / gzipped('better-auth, same features'),
          most: 0.33,
        },
      ],
    },
  ]
}

async function start(text: string): Promise<number> {
  const server = await startWorker('start', text)
  try {
    const answer = await fetch(`http://127.0.0.1:${server.port}/health`)
    await answer.arrayBuffer()
    if (answer.status !== 200) throw new Error(`The first answer was ${answer.status}.`)
    return exactCpuMs(server.pid)
  } finally {
    await server.stop()
  }
}
