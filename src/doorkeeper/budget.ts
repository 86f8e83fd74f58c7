/**
 * What one kind of caller may still try on one account. No clock and no I/O: `now` is passed in. All times are in
 * seconds.
 */
export type Bucket = { failures: number; blocked_until: number; used_at: number }

/** A person mistypes a few times; five attempts do not help someone with a list of passwords. */
export const FREE_ATTEMPTS = 5

/** The pause after the free attempts. Each further failure doubles it, up to the longest. */
export const FIRST_PAUSE_SECONDS = 1
export const LONGEST_PAUSE_SECONDS = 900

/**
 * NIST SP 800-63B-4 section 3.2.2: at most 100 consecutive failures. After that only a reset or an operator unlocks.
 */
export const MAX_FAILURES = 100

/** The `Retry-After` of a bucket that time does not unlock. One day: by then someone will have reset the password. */
const NEVER_SECONDS = 86_400

export const EMPTY_BUCKET: Bucket = { failures: 0, blocked_until: 0, used_at: 0 }

type Reservation = { ok: true; bucket: Bucket } | { ok: false; retry_after: number }

/**
 * Takes one attempt and counts it as failed, so that the next caller, even at the same instant, sees it. A success then
 * empties the bucket, and `giveBack` undoes an attempt that was never evaluated.
 */
export function reserve(bucket: Bucket, now: number): Reservation {
  if (bucket.failures >= MAX_FAILURES) return { ok: false, retry_after: NEVER_SECONDS }
  if (now < bucket.blocked_until) return { ok: false, retry_after: bucket.blocked_until - now }
  const failures = bucket.failures + 1
  const blocked_until = failures < FREE_ATTEMPTS ? 0 : now + pauseAfter(failures)
  return { ok: true, bucket: { failures, blocked_until, used_at: now } }
}

const pauseAfter = (failures: number): number =>
  Math.min(FIRST_PAUSE_SECONDS * 2 ** (failures - FREE_ATTEMPTS), LONGEST_PAUSE_SECONDS)

/** The bucket after the clock was set back: blocked for no longer than its failures require. */
export const capped = ({ failures, blocked_until, used_at }: Bucket, now: number): Bucket => ({
  failures,
  blocked_until: Math.min(blocked_until, now + pauseAfter(failures)),
  used_at: Math.min(used_at, now),
})

/** The bucket without an attempt that was taken but never compared. */
export function giveBack(bucket: Bucket): Bucket {
  const failures = Math.max(0, bucket.failures - 1)
  return { ...bucket, failures, blocked_until: 0 }
}
