import { gzipSync } from 'node:zlib'
import { script } from '../bundles.ts'
import { exactCpuMs } from '../process-cpu.ts'
import { type Section, table } from '../report.ts'
import { median } from '../rounds.ts'
import { startWorker } from '../server.ts'
import type { Pace } from './pace.ts'

/** What better-auth weighed when the goal was set; here it is bundled as tightly as we are. */
const BETTER_AUTH_KIB = 219

/** What a contender adds to the start of an isolate, and what it weighs. CPU of workerd until the first answer. */
export async function startup(pace: Pace): Promise<Section[]> {
  const names = ['bare Hono', 'Latchkey', 'better-auth'] as const
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
        'From the start of workerd to the first answer of `GET /health`, no database asked. The least of ' +
        `${pace.starts} starts is compared: whatever else the machine does is added to the others.`,
      table: table(['', 'CPU, ms, least', 'median', 'least, over bare Hono', 'bundle, bytes', 'gzipped'], rows),
      targets: [
        { what: 'CPU of a start over bare Hono, ms', value: more('Latchkey'), most: 15 },
        { what: 'gzipped bundle, KiB', value: gzipped('Latchkey') / 1024, most: BETTER_AUTH_KIB / 3 },
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
