import { withDeadline } from './deadline.ts'
import { logError } from './log.ts'

/** Milliseconds. The platform counts on the machine where the Worker runs, so a response takes almost no time. */
const DEADLINE_MS = 500

/**
 * Counts an action under a key and returns whether it is within the rate. Returns undefined if the binding failed or
 * did not respond, which is logged; the caller decides what to do then.
 */
export async function isWithinRate(limiter: RateLimit, key: string): Promise<boolean | undefined> {
  try {
    const asked = Promise.resolve(limiter.limit({ key })) // a missing binding throws at once
    return (await withDeadline(asked, 'The rate limiter', DEADLINE_MS)).success
  } catch (error) {
    logError('rate_limiter_failed', error)
    return undefined
  }
}
