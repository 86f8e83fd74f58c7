import type { Config } from '../config.ts'

/** Milliseconds. A person is waiting. */
const DEADLINE_MS = 5_000

/** Whether a challenge was solved. Any doubt, an unreachable service included, is a no: the way without it is to wait. */
export async function isSolved(token: string, ip: string | null, config: Config): Promise<boolean> {
  const { TURNSTILE_SECRET: secret, TURNSTILE_VERIFY_URL: url } = config
  if (secret === undefined) return false
  const body = new URLSearchParams({ secret, response: token, ...(ip !== null && { remoteip: ip }) })
  try {
    const answer = await fetch(url, { method: 'POST', body, signal: AbortSignal.timeout(DEADLINE_MS) })
    const verdict: unknown = await answer.json()
    return typeof verdict === 'object' && verdict !== null && 'success' in verdict && verdict.success === true
  } catch {
    return false
  }
}
