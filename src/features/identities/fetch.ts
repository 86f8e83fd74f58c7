import { readAtMost } from '../../lib/read-at-most.ts'

/** Milliseconds for everything that one request asks a provider. A person waits. */
export const DEADLINE_MS = 10_000

/** Bytes. A set of keys has about 5 kB, the tokens of Microsoft up to 10. */
const MAX_BYTES = 65_536

type Asking = (url: string, init: object) => Promise<Response>

/**
 * A `fetch` for the requests to one provider. It goes only to these origins, follows no redirect, and reads a short answer
 * within the deadline, which counts from here for all requests together.
 */
export function boundedFetch(origins: ReadonlySet<string>): Asking {
  const signal = AbortSignal.timeout(DEADLINE_MS)
  return async (url, init) => {
    if (!origins.has(new URL(url).origin)) throw new Error('The address is not among those of the settings.')
    const answer = await fetch(url, { ...init, redirect: 'manual', signal })
    const bytes = await readAtMost(answer, MAX_BYTES)
    const type = answer.headers.get('Content-Type') ?? ''
    return new Response(bytes.size === 0 ? null : bytes, { status: answer.status, headers: { 'Content-Type': type } })
  }
}
