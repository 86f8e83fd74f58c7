import { env } from 'cloudflare:workers'
import { mailbox } from './mailbox.ts'

/** The bindings of the tests, with a mailbox that tests can read. The platform's own cannot be read. */
export const ENV: Env = {
  ...env,
  EMAIL: mailbox as unknown as SendEmail,
}

/** A rate limiter that always gives the same answer. */
export const limiter = (success: boolean): RateLimit => ({ limit: () => Promise.resolve({ success }) })

/** A rate limiter like the platform's, but its minute never ends during a test. */
export function counting(limit: number): RateLimit {
  const counts = new Map<string, number>()
  return {
    limit: ({ key }) => {
      const count = (counts.get(key) ?? 0) + 1
      counts.set(key, count)
      return Promise.resolve({ success: count <= limit })
    },
  }
}

/** The tests' bindings with a limit on password work that is never reached. */
export const CALM: Env = { ...ENV, BREAKER: limiter(true) }
