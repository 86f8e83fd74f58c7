import { Problem } from '../core/problem.ts'
import { network } from '../lib/network.ts'

/** Seconds after which a shed caller may come again: some of the work of a minute is done by then. */
const RETRY_AFTER_SECONDS = 10

/** Networks that signed in through this isolate, the latest last: data, bounded, and only ever a favour. */
const welcomed = new Set<string>()
const MAX_WELCOMED = 10_000

/** Remembers a network that somebody signed in from. */
export function welcome(ip: string | null): void {
  const name = network(ip)
  welcomed.delete(name)
  welcomed.add(name)
  if (welcomed.size > MAX_WELCOMED) welcomed.delete(welcomed.values().next().value!)
}

/**
 * Counts a piece of password work of this location. Storms over many names meet no single doorkeeper, so past a rate
 * strangers are turned away before any; who signed in before goes on.
 * @throws Problem 503 `overloaded`
 */
export async function shed(env: Env, ip: string | null, known: boolean): Promise<void> {
  const { success } = await env.BREAKER.limit({ key: 'password work' })
  if (success || known || welcomed.has(network(ip))) return
  throw new Problem('overloaded', { headers: { 'Retry-After': String(RETRY_AFTER_SECONDS) } })
}
