import type { Shot } from './load.ts'
import type { Server } from './server.ts'

/** One contender in one scenario: the server, and what keeps it busy for a while. */
export type Entrant = { server: Server; shoot: () => Promise<Shot> }

/** CPU in milliseconds per request, by round; the other lists likewise. */
export type Measured = { name: string; perSecond: number[]; cpuMs: number[]; p50: number[]; p90: number[] }

const ROUNDS_OF_A_PROCESS = 3

/**
 * Lets the entrants run in turn, forwards and then backwards, as often as there are rounds: whatever drifts meanwhile
 * falls on all alike. One shot of each comes before, for the compilers and the caches.
 */
export async function measure(entrants: Entrant[], rounds: number): Promise<Measured[]> {
  const measured = entrants.map(
    ({ server: { name } }) => ({ name, perSecond: [], cpuMs: [], p50: [], p90: [] }) as Measured,
  )
  for (const { shoot } of entrants) await shoot()
  for (let round = 0; round < rounds; round++) {
    const sums = entrants.map(() => ({ requests: 0, seconds: 0, cpuMs: 0, p50: 0, p90: 0 }))
    for (const i of [...entrants.keys(), ...[...entrants.keys()].toReversed()]) {
      const { server, shoot } = entrants[i]!
      const before = server.cpuMs()
      const shot = await shoot()
      const sum = sums[i]!
      sum.cpuMs += server.cpuMs() - before
      for (const key of ['requests', 'seconds', 'p50', 'p90'] as const) sum[key] += shot[key]
    }
    for (const [i, { requests, seconds, cpuMs, p50, p90 }] of sums.entries()) {
      measured[i]!.perSecond.push(requests / seconds)
      measured[i]!.cpuMs.push(cpuMs / requests)
      measured[i]!.p50.push(p50 / 2)
      measured[i]!.p90.push(p90 / 2)
    }
  }
  return measured
}

/**
 * The same with servers that are started anew for every few rounds: from process to process, one and the same program
 * differs by a tenth. `start` puts each server on the list as soon as it runs.
 */
export async function measureAfresh(
  start: (servers: Server[]) => Promise<Entrant[]>,
  rounds: number,
): Promise<Measured[]> {
  const runs: Measured[][] = []
  for (let left = rounds; left > 0; left -= ROUNDS_OF_A_PROCESS) {
    const servers: Server[] = []
    try {
      runs.push(await measure(await start(servers), Math.min(left, ROUNDS_OF_A_PROCESS)))
    } finally {
      for (const server of servers) await server.stop()
    }
  }
  return runs.reduce((all, run) =>
    all.flatMap((measured) => {
      const more = run.find(({ name }) => name === measured.name)
      return more ? [joined(measured, more)] : [] // it did not start each time
    }),
  )
}

const joined = (a: Measured, b: Measured): Measured => ({
  name: a.name,
  perSecond: [...a.perSecond, ...b.perSecond],
  cpuMs: [...a.cpuMs, ...b.cpuMs],
  p50: [...a.p50, ...b.p50],
  p90: [...a.p90, ...b.p90],
})

/** Of paired values: the median of a/b, and the quartiles. */
export function ratio(a: number[], b: number[]): { median: number; low: number; high: number } {
  const ratios = a.map((value, i) => value / b[i]!)
  return { median: quantile(ratios, 0.5), low: quantile(ratios, 0.25), high: quantile(ratios, 0.75) }
}

export const median = (values: number[]): number => quantile(values, 0.5)

function quantile(values: number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (sorted.length - 1) * part
  const [low, high] = [sorted[Math.floor(at)]!, sorted[Math.ceil(at)]!]
  return low + (high - low) * (at - Math.floor(at))
}
