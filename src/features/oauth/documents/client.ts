import type { Context } from 'hono'
import type { Call } from '../../../core/call.ts'
import type { Client } from '../../../core/clients/client.ts'
import { findClient } from '../../../core/clients/clients.ts'
import type { AppEnv } from '../../../http/app-env.ts'
import { callOf } from '../../../http/call.ts'
import { limitNetwork } from '../../../http/prefilter.ts'
import { randomId } from '../../../lib/bytes.ts'
import { logError } from '../../../lib/log.ts'
import { isWithinRate } from '../../../lib/rate-limit.ts'
import { Problem } from '../../../problem.ts'
import { documentHost } from './address.ts'
import { fetchDocument } from './fetch.ts'
import { clientInDocument } from './read.ts'

/** Documents that an isolate remembers. */
const MAX_KNOWN = 200
/** Documents that an isolate fetches at once. */
const AT_ONCE = 16
/** Seconds after which a fetch is over, even if its request was cancelled and nobody noticed. */
const OVER_SECONDS = 5

/** What this isolate fetched. Data, never a promise: no request may wait for what another one began. */
const known = new Map<string, Client>()
/** When each fetch under way began. */
const underWay = new Map<string, number>()

/**
 * The client of this id in the database. One that nobody registered counts only while the settings allow its host.
 * @throws Problem 503 `unavailable`
 */
export async function clientNamed({ env, settings }: Call, id: string): Promise<Client | undefined> {
  const client = await findClient(env.DB, id)
  return isRegistered(client) || documentHost(id, settings) !== undefined ? client : undefined
}

const isRegistered = (client: Client | undefined): boolean => client?.fetched_at === null

/** Whether nobody registered this client: its id is the address of a document that describes it. */
export const hasDocument = ({ fetched_at }: Client): boolean => fetched_at !== null

/**
 * The client that asks for a user. If its id is the address of a document, what that says is at most a day old. Nothing is
 * written: whoever asks is a stranger.
 * @throws Problem 400 `client_document_refused`, 429 `too_many_attempts`, 503 `unavailable`
 */
export async function clientAsking(c: Context<AppEnv>, id: string): Promise<Client | undefined> {
  const call = callOf(c)
  const { env, settings, now } = call
  const host = documentHost(id, settings)
  if (host === undefined) return clientNamed(call, id)
  const remembered = known.get(id)
  if (isFresh(remembered, now)) return remembered
  const kept = await findClient(env.DB, id)
  if (isFresh(kept, now)) return kept
  await limitNetwork(c, 'document')
  // Whoever asks for invented documents of a host uses up nothing for one that somebody allowed before.
  if ((await isWithinRate(env.PREFILTER, `document ${kept ? id : host}`)) === false)
    throw new Problem('too_many_attempts', { headers: { 'Retry-After': '60' } })
  const client = await described(id, call)
  known.delete(id)
  for (const oldest of known.keys()) if (known.size >= MAX_KNOWN) known.delete(oldest)
  known.set(id, client)
  return client
}

const isFresh = (client: Client | undefined, now: number): client is Client => (client?.fresh_until ?? 0) > now

async function described(id: string, { settings, now }: Call): Promise<Client> {
  for (const [one, at] of underWay) if (at <= now - OVER_SECONDS) underWay.delete(one)
  if (underWay.size >= AT_ONCE) throw new Problem('unavailable', { headers: { 'Retry-After': '2' } })
  const mine = randomId()
  underWay.set(mine, now)
  try {
    const { TEST_DOCUMENTS_URL: base } = settings
    const { content, seconds } = await fetchDocument(base === undefined ? id : id.replace('https:/', base))
    return clientInDocument(id, content, { now, seconds })
  } catch (cause) {
    logError('client_document_refused', cause, { client_id: id })
    throw new Problem('client_document_refused')
  } finally {
    underWay.delete(mine)
  }
}
