/** Milliseconds. More than the difference in work between an address with an account and one without. */
const STEP_MS = 100

/**
 * Waits for the work, and then until a multiple of `STEP_MS` has passed, also if the work failed. So the response time
 * does not show how many rows were written or whether a mail goes out.
 */
export async function withPaddedTime<T>(work: Promise<T>): Promise<T> {
  const start = Date.now()
  try {
    return await work
  } finally {
    await scheduler.wait(STEP_MS - ((Date.now() - start) % STEP_MS))
  }
}
