import type { Config } from '../../config.ts'
import { base64, fromBase64, utf8 } from '../../lib/bytes.ts'
import { sql } from '../../lib/sql.ts'
import { claimOldest, CRON, DEADLINE_MS, drain, logFailure, type Pass } from './delivery.ts'
import type { Delivery, Outcome, Queue, Waiting } from './queue.ts'

/** A row that a trigger created from an audit row, with the user's current address. */
type EventRow = Waiting & {
  type: string
  user_id: number | null
  session_id: string | null
  actor: string | null
  at: number
  email: string | null
  client_id: string | null
}

/** A receiver may be away for a weekend. */
export const WEBHOOK_OUTBOX: Queue = {
  table: sql`webhook_outbox`,
  since: sql`at`,
  patience: 3 * 86_400,
  givenUp: 'webhook_given_up',
}

const EMAIL = sql`(SELECT email FROM users WHERE users.id = webhook_outbox.user_id) AS email`

/** Events delivered at the same time. A Worker has six connections, and mail and D1 need most of them. */
const AT_ONCE = 2

/**
 * Posts due events to `WEBHOOK_URL`, signed as Standard Webhooks requires. Delivery is at least once: if the receiver's
 * response is lost, the event comes again with the same id. Order is not guaranteed. An event that the receiver refuses
 * does not delay others. The pass ends when the receiver is unreachable, and the rest stays due.
 * @throws Problem `unavailable`
 */
export async function deliverWebhooks(env: Env, config: Config, now: number, pass: Pass = CRON): Promise<void> {
  if (config.WEBHOOK_URL === undefined) return
  const delivery: Delivery<EventRow> = {
    ...WEBHOOK_OUTBOX,
    atOnce: AT_ONCE,
    claim: (size, now) => [claimOldest(WEBHOOK_OUTBOX, size, now, EMAIL)],
    deliver: (row, now) => deliver(row, config, now),
    isOver: isAway,
  }
  await drain(env.DB, delivery, pass, now)
}

/**
 * True if no row of a claim got a response. A "not now" response may concern a single event. So it counts only in a
 * claim larger than the first, and only if every other row got the same or no response.
 */
const isAway = (outcomes: Outcome[]): boolean =>
  outcomes.every((outcome) => outcome === 'silent') ||
  (outcomes.length > AT_ONCE && outcomes.every((outcome) => outcome === 'silent' || outcome === 'enough'))

async function deliver(row: EventRow, config: Config, now: number): Promise<Outcome> {
  try {
    const { ok, status } = await post(row, config, now)
    if (ok) return 'done'
    logFailure('webhook_not_sent', row, `the receiver answered ${status}`)
    return NOT_NOW.has(status) ? 'enough' : 'later'
  } catch (error) {
    logFailure('webhook_not_sent', row, error)
    return 'silent'
  }
}

/** Too Many Requests, Service Unavailable. */
const NOT_NOW = new Set([429, 503])

async function post(row: EventRow, { WEBHOOK_URL, WEBHOOK_SECRET = [] }: Config, now: number): Promise<Response> {
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
    redirect: 'manual', // a redirect would be followed by a GET, whose 200 says nothing about the event
    signal: AbortSignal.timeout(DEADLINE_MS),
  })
  await answer.body?.cancel()
  return answer
}

/** What the receiver gets. `email` is the current address, or null if the account is gone. */
export const payloadOf = ({
  type,
  at,
  user_id,
  email,
  session_id,
  actor,
  client_id,
}: Omit<EventRow, keyof Waiting>) => ({
  type,
  timestamp: new Date(at * 1000).toISOString(),
  data: { user_id, email, ...present({ session_id, actor, client_id }) },
})

const present = (members: Record<string, string | null>): Record<string, string> =>
  Object.fromEntries(Object.entries(members).flatMap(([name, value]) => (value === null ? [] : [[name, value]])))

/** `v1,` and the HMAC-SHA256 with the bytes after `whsec_` as the key (Standard Webhooks, "Symmetric signatures"). */
async function signature(secret: string, signed: string): Promise<string> {
  const bytes = fromBase64(secret.slice('whsec_'.length))
  const key = await crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
  return `v1,${base64(new Uint8Array(await crypto.subtle.sign('HMAC', key, utf8(signed))))}`
}
