/**
 * What one kind of caller may still try on one account. Judged without a clock and without I/O: `now` is passed in.
 * All times in seconds.
 */
export type Bucket = { failures: number; blocked_until: number; used_at: number }

/** A person mistypes a few times; a list of passwords is not helped by five. */
export const FREE_ATTEMPTS = 5

/** The pause after the free attempts, doubled by each further failure up to the longest. */
export const FIRST_PAUSE_SECONDS = 1
export const LONGEST_PAUSE_SECONDS = 900

/** NIST SP 800-63B-4 section 3.2.2: no more than 100 consecutive failures. Then only a reset or an operator opens. */
export const MAX_FAILURES = 100

/** What `Retry-After` says at a bucket that no time opens. A day: somebody will have reset the password by then. */
const NEVER_SECONDS = 86_400

export const EMPTY_BUCKET: Bucket = { failures: 0, blocked_until: 0, used_at: 0 }

type Reservation = { ok: true; bucket: Bucket } | { ok: false; retry_after: number }

/**
 * Takes one attempt, as if it had failed already: whoever comes next, even at the same instant, finds it counted. A success
 * then empties the bucket, and `giveBack` undoes an attempt that was never evaluated.
 */
export function reserve(bucket: Bucket, now: number): Reservation {
  if (bucket.failures >= MAX_FAILURES) return { ok: false, retry_after: NEVER_SECONDS }
  if (now < bucket.blocked_until) return { ok: false, retry_after: bucket.blocked_until - now }
  const failures = bucket.failures + 1
  const pause = Math.min(FIRST_PAUSE_SECONDS * 2 ** (failures - FREE_ATTEMPTS), LONGEST_PAUSE_SECONDS)
  const blocked_until = failures < FREE_ATTEMPTS ? 0 : now + pause
  return { ok: true, bucket: { failures, blocked_until, used_at: now } }
}

/** The bucket without an attempt that was taken at `now` and never came to a comparison. */
export function giveBack(bucket: Bucket): Bucket {
  const failures = Math.max(0, bucket.failures - 1)
  return { ...bucket, failures, blocked_until: 0 }
}
