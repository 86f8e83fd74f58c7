import { Problem } from '../problem.ts'
import { isLoopback, network } from '../lib/network.ts'
import { isWithinRate } from '../lib/rate-limit.ts'

/** Seconds. How long strangers are refused once the rate is exceeded. */
const PAUSE_SECONDS = 10

/** Since when this isolate refuses strangers, for each rate limit binding. Milliseconds. */
const pausedAt = new WeakMap<RateLimit, number>()

/** Networks that recently signed in through this isolate, with a size limit. Being listed is only ever an advantage. */
const remembered = new Set<string>()
const MAX_REMEMBERED = 10_000

/** Remembers the network of a login, if Cloudflare confirms the address. */
export function rememberNetwork(ip: string | null): void {
  if (ip === null) return
  const name = network(ip)
  remembered.delete(name)
  remembered.add(name)
  if (remembered.size > MAX_REMEMBERED) remembered.delete(remembered.values().next().value!)
}

/**
 * Counts one comparison or hash of a password. Attempts that a doorkeeper refused cost nothing and are not counted;
 * neither is the work of the local machine. Callers without an address, or with one that only a back end stated, are
 * counted. If the binding fails, nobody is refused.
 */
export async function countPasswordWork({ BREAKER }: Env, ip: string | null = null): Promise<void> {
  if (isLoopback(ip)) return
  const isWithin = await isWithinRate(BREAKER, 'password work')
  if (isWithin === false) pausedAt.set(BREAKER, Date.now())
}

/**
 * Refuses a stranger while the password work of this location exceeds its rate. An attack across many names does not
 * reach the limit of any single doorkeeper. Networks and devices that signed in before continue, and so does the local
 * machine.
 * @throws Problem 503 `overloaded`
 */
export function refuseWhenOverloaded({ BREAKER }: Env, ip: string | null, known: boolean): void {
  // After the clock was set back, a pause in the future would otherwise last until the clock is there again.
  const isPaused = Math.abs(Date.now() - (pausedAt.get(BREAKER) ?? 0)) < PAUSE_SECONDS * 1000
  if (!isPaused || known || (ip !== null && (isLoopback(ip) || remembered.has(network(ip))))) return
  throw new Problem('overloaded', { headers: { 'Retry-After': String(PAUSE_SECONDS) } })
}
