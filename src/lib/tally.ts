import { AsyncLocalStorage } from 'node:async_hooks'

/** What one request asked of others: how often, and for how many milliseconds. Calls at the same time add up. */
export type Tally = Record<'d1' | 'doorkeeper', { calls: number; ms: number }>

const tallies = new AsyncLocalStorage<Tally>()

export const emptyTally = (): Tally => ({ d1: { calls: 0, ms: 0 }, doorkeeper: { calls: 0, ms: 0 } })

/** Runs something whose calls go into a tally, however deep they are made. */
export const withTally = <T>(tally: Tally, run: () => T): T => tallies.run(tally, run)

/**
 * Waits for a call, and adds it to the tally of the request that makes it, if one does. Once it has ended: what was begun
 * for after the answer is no part of the answer.
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
