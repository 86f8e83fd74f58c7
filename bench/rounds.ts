import type { Shot } from './load.ts'
import type { Server } from './server.ts'

/** One contender in one scenario: the server, and what keeps it busy for a while. */
export type Entrant = { server: Server; shoot: () => Promise<Shot> }

/** CPU in milliseconds per request, by round; the other lists likewise. */
export type Measured = { name: string; perSecond: number[]; cpuMs: number[]; p50: number[]; p90: number[] }

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
