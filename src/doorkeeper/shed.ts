import { Problem } from '../core/problem.ts'
import { isLoopback, network } from '../lib/network.ts'

/** Once the rate is passed, strangers are turned away for so long. Seconds. */
const PAUSE_SECONDS = 10

/** Until when this isolate turns strangers away, in milliseconds, for each binding that counts. */
const pausedUntil = new WeakMap<RateLimit, number>()

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
 * Counts a password that was compared or hashed. What a doorkeeper refused unheard cost nothing, and is not counted; nor is
 * what this machine asks for. Who comes without an address is counted: another Worker may have sent the request on.
 */
export async function countWork({ BREAKER }: Env, ip: string | null = null): Promise<void> {
  if (ip !== null && isLoopback(ip)) return
  const { success } = await BREAKER.limit({ key: 'password work' })
  if (!success) pausedUntil.set(BREAKER, Date.now() + PAUSE_SECONDS * 1000)
}

/**
 * Turns a stranger away while the password work of this location is past its rate: storms over many names meet no single
 * doorkeeper. Who signed in before goes on, and so does this machine.
 * @throws Problem 503 `overloaded`
 */
export function shed({ BREAKER }: Env, ip: string | null, known: boolean): void {
  const isPaused = (pausedUntil.get(BREAKER) ?? 0) > Date.now()
  if (!isPaused || known || isLoopback(ip) || welcomed.has(network(ip))) return
  throw new Problem('overloaded', { headers: { 'Retry-After': String(PAUSE_SECONDS) } })
}
