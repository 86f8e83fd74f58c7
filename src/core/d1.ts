import { Problem } from './problem.ts'

/** D1 gives up after 30 s; a person does not wait that long for a login. */
const DEADLINE_MS = 4_000

/**
 * The answer of one D1 call, or a refusal that loses nothing: any fault, and silence past the deadline, is 503.
 * The call may still have committed, so a write is safe to repeat only if it is conditional.
 * @throws Problem `unavailable`
 */
export async function answerOf<T>(call: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | null = null
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`D1 did not answer within ${DEADLINE_MS} ms`)), DEADLINE_MS)
  })
  try {
    return await Promise.race([call, deadline])
  } catch (cause) {
    throw new Problem('unavailable', { cause, headers: { 'Retry-After': '2' } })
  } finally {
    clearTimeout(timer)
  }
}
