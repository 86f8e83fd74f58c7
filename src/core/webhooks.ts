import type { Config } from '../config.ts'
import { base64, fromBase64, utf8 } from '../lib/bytes.ts'
import { type Sql, sql } from '../lib/sql.ts'
import { auditRow, byItself } from './audit.ts'
import { batch } from './d1.ts'
import { claim, DEADLINE_MS, drop, logFailure, putOff, type Waiting } from './delivery.ts'

/** A row that a trigger made of an audit row, and the user's address as it is now. */
type EventRow = Waiting & {
  type: string
  user_id: number | null
  session_id: string | null
  actor: string | null
  at: number
  email: string | null
}

const QUEUE = {
  table: sql`webhook_outbox`,
  columns: sql`*, (SELECT email FROM users WHERE users.id = webhook_outbox.user_id) AS email`,
}

/** Events that are on their way at once: a Worker has six connections, and mail needs some of them. */
const AT_ONCE = 3

/** Times that one pass claims, each time `AT_ONCE`. The free plan allows 50 calls to elsewhere for one request. */
const ROUNDS = 6

/** A receiver may be away for a weekend. Seconds. */
const GIVE_UP_AFTER = 3 * 86_400

/**
 * Posts the events that are due to `WEBHOOK_URL`, signed as Standard Webhooks has it. At least once: what the receiver
 * took while its answer was lost comes again, under the same id. Order is not promised. A pass ends at the first
 * failure, because there is one receiver, and what is left is still due.
 * @throws Problem `unavailable`
 */
export async function deliverWebhooks(env: Env, config: Config, now: number): Promise<void> {
  if (config.WEBHOOK_URL === undefined) return
  for (let round = 0; round < ROUNDS; round++) {
    const due = await claim<EventRow>(env.DB, QUEUE, AT_ONCE, now)
    const outcomes = await Promise.all(due.map((row) => deliver(row, config, now)))
    if (due.length > 0)
      await batch(
        env.DB,
        outcomes.flatMap(({ statements }) => statements),
      )
    if (due.length < AT_ONCE || outcomes.some(({ taken }) => !taken)) return
  }
}

async function deliver(row: EventRow, config: Config, now: number): Promise<{ taken: boolean; statements: Sql[] }> {
  try {
    await post(row, config, now)
    return { taken: true, statements: [drop(QUEUE, row)] }
  } catch (error) {
    logFailure('webhook_not_sent', row, error)
    if (now - row.at < GIVE_UP_AFTER) return { taken: false, statements: [putOff(QUEUE, row, now)] }
    const audit = auditRow({ event: 'webhook_given_up', user_id: row.user_id }, byItself(row.id), now)
    return { taken: false, statements: [audit, drop(QUEUE, row)] }
  }
}

async function post(row: EventRow, { WEBHOOK_URL, WEBHOOK_SECRET = [] }: Config, now: number): Promise<void> {
  const payload = JSON.stringify(payloadOf(row))
  const signatures = WEBHOOK_SECRET.map((secret) => signature(secret, `${row.id}.${now}.${payload}`))
  const answer = await fetch(WEBHOOK_URL!, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      'webhook-id': row.id,
      'webhook-timestamp': String(now),
      'webhook-signature': (await Promise.all(signatures)).join(' '),
    },
    body: payload,
    redirect: 'manual', // would be followed by a GET, whose 200 says nothing about the event
    signal: AbortSignal.timeout(DEADLINE_MS),
  })
  await answer.body?.cancel()
  if (!answer.ok) throw new Error(`the receiver answered ${answer.status}`)
}

/** What the receiver reads. The address is that of now; null when the account is gone. */
export const payloadOf = ({ type, at, user_id, email, session_id, actor }: Omit<EventRow, keyof Waiting>) => ({
  type,
  timestamp: new Date(at * 1000).toISOString(),
  data: { user_id, email, ...(session_id !== null && { session_id }), ...(actor !== null && { actor }) },
})

/** `v1,` and the HMAC-SHA256 under the bytes that follow `whsec_` (Standard Webhooks, "Symmetric signatures"). */
async function signature(secret: string, signed: string): Promise<string> {
  const bytes = fromBase64(secret.slice('whsec_'.length))
  const key = await crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
  return `v1,${base64(new Uint8Array(await crypto.subtle.sign('HMAC', key, utf8(signed))))}`
}
