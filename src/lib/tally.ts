import { AsyncLocalStorage } from 'node:async_hooks'

/** How often one request called others, and for how many milliseconds. Simultaneous calls add up. */
export type Tally = Record<'d1' | 'doorkeeper', { calls: number; ms: number }>

const tallies = new AsyncLocalStorage<Tally>()

export const emptyTally = (): Tally => ({ d1: { calls: 0, ms: 0 }, doorkeeper: { calls: 0, ms: 0 } })

/** Runs a function. All calls that it makes, however deep, count in the tally. */
export const withTally = <T>(tally: Tally, run: () => T): T => tallies.run(tally, run)

/**
 * Waits for a call and adds it to the tally of the request that makes it, if there is one. It is added when it ends:
 * work that continues after the response is not part of the response.
 */
export async function counted<T>(whom: keyof Tally, call: Promise<T>): Promise<T> {
  const entry = tallies.getStore()?.[whom]
  if (!entry) return call
  const startedAt = performance.now()
  try {
    return await call
  } finally {
    entry.calls++
    entry.ms += performance.now() - startedAt
  }
}
