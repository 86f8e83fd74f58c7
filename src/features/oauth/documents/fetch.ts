import { withDeadline } from '../../../lib/deadline.ts'
import { parseJson } from '../../../lib/json.ts'
import { readAtMost } from '../../../lib/read-at-most.ts'

/** Milliseconds for the whole answer. A person waits. */
const DEADLINE_MS = 3_000

/** Bytes (draft-ietf-oauth-client-id-metadata-document section 8.7). */
const MAX_BYTES = 5_120

/** Seconds for which a document is kept: at least, if it does not say, and at most. */
const KEPT = { least: 60, normally: 3_600, most: 86_400 }

const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json[ \t]*(?:;|$)/i

/**
 * Fetches a document: one request, without credentials, that follows no redirect. `seconds`: how long it may be kept.
 * @throws Error if the answer is anything but a short object in JSON
 */
export function fetchDocument(address: string): Promise<{ content: unknown; seconds: number }> {
  const signal = AbortSignal.timeout(DEADLINE_MS)
  return withDeadline(fetched(address, signal), 'The host', DEADLINE_MS)
}

async function fetched(address: string, signal: AbortSignal) {
  const answer = await fetch(address, { headers: { Accept: 'application/json' }, redirect: 'manual', signal })
  const { status, headers } = answer
  if (status !== 200 || !JSON_TYPE.test(headers.get('Content-Type') ?? '')) {
    await answer.body?.cancel()
    throw new Error(`It answered ${status}, ${headers.get('Content-Type')}.`)
  }
  const bytes = await (await readAtMost(answer, MAX_BYTES)).arrayBuffer()
  return { content: parseJson(new Uint8Array(bytes)), seconds: keptFor(headers.get('Cache-Control') ?? '') }
}

function keptFor(control: string): number {
  const said = /(?:^|[\s,])(?:no-store|no-cache)(?:$|[\s,=])/i.test(control)
    ? 0
    : /(?:^|[\s,])max-age="?(\d{1,9})/i.exec(control)?.[1]
  return Math.min(Math.max(Number(said ?? KEPT.normally), KEPT.least), KEPT.most)
}
