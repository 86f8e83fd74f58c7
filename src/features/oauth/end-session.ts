import type { Call } from '../../core/call.ts'
import type { Client } from '../../core/clients/client.ts'
import { first } from '../../core/d1.ts'
import { verifyJwt } from '../../core/keys/signing.ts'
import type { Session } from '../../core/sessions/session.ts'
import { commit, endRecorded } from '../../core/sessions/sessions.ts'
import { sql } from '../../lib/sql.ts'
import { Problem } from '../../problem.ts'
import { clientNamed } from './documents/client.ts'
import type { Parameters } from './parameters.ts'
import { isRegistered, withAnswer } from './redirect-uri.ts'

/** An id token that this service once gave the client. It may have expired: it only says which session is meant. */
export type Hint = { client_id: string; user_id: number; sid: string }

/** What a client asks for with RP-Initiated Logout 1.0. `to`: where the user goes afterwards, proved to be the client's. */
export type Logout = { hint: Hint | undefined; to: string | undefined }

/**
 * Checks a request (section 2). An address is only taken with a client, and only one that is registered for it.
 * @throws Problem 422 `invalid_query`, 400 `unknown_client`, 400 `unregistered_redirect_uri`, 503 `unavailable`
 */
export async function logoutIn(call: Call, given: Parameters): Promise<Logout> {
  const [repeated] = given.repeated
  if (repeated !== undefined) throw new Problem('invalid_query', { errors: [{ field: repeated, code: 'repeated' }] })
  const token = given.get('id_token_hint')
  const hint = token === undefined ? undefined : await hintIn(call, token)
  if (token !== undefined && !hint) throw malformed('id_token_hint')
  const client_id = given.get('client_id') ?? hint?.client_id
  if (hint && hint.client_id !== client_id) throw malformed('client_id')
  const client = client_id === undefined ? undefined : await knownClient(call, client_id)
  const uri = given.get('post_logout_redirect_uri')
  if (uri === undefined) return { hint, to: undefined }
  if (!client || !isRegistered(uri, client.post_logout_redirect_uris)) throw new Problem('unregistered_redirect_uri')
  const state = given.get('state')
  return { hint, to: state === undefined ? uri : withAnswer(uri, { state }) }
}

const malformed = (field: string) => new Problem('invalid_query', { errors: [{ field, code: 'malformed' }] })

async function knownClient(call: Call, id: string): Promise<Client> {
  const client = await clientNamed(call, id)
  if (!client) throw new Problem('unknown_client')
  return client
}

/** What an id token says, if it is one of ours. */
export async function hintIn({ settings }: Pick<Call, 'settings'>, unverifiedToken: string): Promise<Hint | undefined> {
  const { aud, sub, sid } = (await verifyJwt(settings, unverifiedToken, { typ: 'JWT' })) ?? {}
  if (typeof aud !== 'string' || typeof sub !== 'string' || typeof sid !== 'string') return undefined
  return { client_id: aud, user_id: Number(sub), sid }
}

/**
 * Whether the user need not be asked: the session that the hint names was granted by the session of this browser, or there is
 * nobody to ask. Without that, any site could sign people out with a link.
 * @throws Problem 503 `unavailable`
 */
export async function isMeant({ env }: Call, hint: Hint | undefined, session: Session | undefined): Promise<boolean> {
  if (!session) return true
  if (hint?.user_id !== session.user_id) return false
  const granted = sql`SELECT id FROM sessions WHERE ${named(hint)} AND parent_id = ${session.id}`
  return (await first(env.DB, granted)) !== null
}

const named = ({ sid, client_id, user_id }: Hint) =>
  sql`id = ${sid} AND client_id = ${client_id} AND user_id = ${user_id}`

/**
 * Ends the session of the browser, and with it what it granted. If the browser has none, the session that the hint names ends,
 * unless it has `offline_access`: that outlives a sign-out.
 * @throws Problem 503 `unavailable`
 */
export async function endSession(call: Call, hint: Hint | undefined, session: Session | undefined): Promise<void> {
  if (session) {
    const { id: session_id, user_id } = session
    const own = sql`id = ${session_id} AND user_id = ${user_id}`
    await commit(call.env.DB, endRecorded(call, { event: 'logged_out', user_id, session_id }, own))
  } else if (hint) {
    const { user_id, sid: session_id, client_id } = hint
    const own = sql`${named(hint)} AND instr(' ' || scope || ' ', ' offline_access ') = 0`
    await commit(call.env.DB, endRecorded(call, { event: 'client_session_ended', user_id, session_id, client_id }, own))
  }
}
