/** Milliseconds. More than the work differs between an address that has an account and one that has none. */
const STEP_MS = 100

/**
 * Waits for work, then for the next step of the clock, whatever came of it: how many rows were written, and whether a
 * mail goes out, is not to be read from the time of the answer.
 */
export async function evenly<T>(work: Promise<T>): Promise<T> {
  const start = Date.now()
  try {
    return await work
  } finally {
    await scheduler.wait(STEP_MS - ((Date.now() - start) % STEP_MS))
  }
}
