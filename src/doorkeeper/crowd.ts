import { countedNetwork, type Origin } from '../core/origin.ts'
import { Problem, type ProblemCode } from '../problem.ts'
import { isLoopback } from '../lib/network.ts'
import { isWithinRate } from '../lib/rate-limit.ts'

/** Seconds. The period of the binding that counts failures. */
const PERIOD_SECONDS = 60

/**
 * The most logins of one network, running or failed within the period, that this isolate allows. The binding counts the
 * failures of all isolates, but only afterwards; this limits how many run before they are counted. It is twice the
 * thirty people who may sign in at the same time.
 */
const MAX_UNSUCCESSFUL = 60

/** Seconds. If running logins use up the limit, a place becomes free as soon as one of them ends. */
const BUSY_SECONDS = 3

/** The most networks to remember. The least recent is dropped first. */
const MAX_NETWORKS = 10_000

/** Times in milliseconds. `running`: how many of the unsuccessful logins are still running. */
type Crowd = { unsuccessful: number[]; running: number; pausedAt: number }

/** The state of this isolate for each environment: plain data with a size limit. */
const crowds = new WeakMap<Env, Map<string, Crowd>>()

const FAILURES = new Set<ProblemCode>(['invalid_credentials', 'too_many_attempts', 'challenge_required'])

/**
 * Runs a login without a known device. Only failures count against the network, because many honest people may share
 * it. After 30 failures a minute in one Cloudflare location, the network waits for a minute. The local machine is not
 * counted.
 * @throws Problem 429 `too_many_attempts`, and whatever the login throws
 */
export async function amongCrowd<T>(env: Env, origin: Origin, login: () => Promise<T>): Promise<T> {
  if (isLoopback(origin.ip)) return login()
  const name = countedNetwork(origin)
  const crowd = crowdOf(env, name)
  const startedAt = Date.now()
  crowd.unsuccessful = crowd.unsuccessful.filter(isRecent)
  const isPaused = isRecent(crowd.pausedAt)
  if (isPaused || crowd.unsuccessful.length >= MAX_UNSUCCESSFUL) {
    const seconds = !isPaused && crowd.running > 0 ? BUSY_SECONDS : PERIOD_SECONDS
    throw new Problem('too_many_attempts', { headers: { 'Retry-After': String(seconds) } })
  }
  crowd.unsuccessful.push(startedAt)
  crowd.running++
  try {
    const result = await login()
    forgetOne(crowd, startedAt)
    return result
  } catch (error) {
    if (!(error instanceof Problem && FAILURES.has(error.code))) forgetOne(crowd, startedAt)
    else if ((await isWithinRate(env.PREFILTER, `failed ${name}`)) === false) crowd.pausedAt = Date.now()
    throw error
  } finally {
    crowd.running--
  }
}

/** After the clock was set back, a future time would otherwise stay recent for long. */
const isRecent = (at: number): boolean => Math.abs(Date.now() - at) < PERIOD_SECONDS * 1000

function forgetOne(crowd: Crowd, startedAt: number): void {
  const at = crowd.unsuccessful.indexOf(startedAt)
  if (at >= 0) crowd.unsuccessful.splice(at, 1)
}

function crowdOf(env: Env, name: string): Crowd {
  const known = crowds.get(env) ?? new Map<string, Crowd>()
  crowds.set(env, known)
  const crowd = known.get(name) ?? { unsuccessful: [], running: 0, pausedAt: 0 }
  known.delete(name)
  known.set(name, crowd)
  if (known.size > MAX_NETWORKS) known.delete(known.keys().next().value!)
  return crowd
}
