import type { Context } from 'hono'
import type { Call, SignedInCall } from '../../core/call.ts'
import type { Client } from '../../core/clients/client.ts'
import { consentOf, covers, grantConsent } from '../../core/clients/consents.ts'
import { keepDocument } from '../../core/clients/clients.ts'
import { resourceNamed } from '../../core/clients/resources.ts'
import { batch } from '../../core/d1.ts'
import type { Session } from '../../core/sessions/session.ts'
import { stillLive } from '../../core/sessions/sessions.ts'
import { signedInUser } from '../../core/users/signed-in.ts'
import type { AppEnv } from '../../http/app-env.ts'
import { callOf } from '../../http/call.ts'
import { sql } from '../../lib/sql.ts'
import { pageOf } from '../../pages/view.tsx'
import { Problem } from '../../problem.ts'
import { ConsentPage } from './consent-page.tsx'
import { hasDocument } from './documents/client.ts'
import { isOnDevice } from './redirect-uri.ts'
import type { AuthorizationRequest } from './request.ts'

/**
 * Whether the user has not yet allowed a client of a third party what it asks for. Every app on a device can ask in the name
 * of one that nobody registered, so what was allowed before says nothing about it (RFC 8252 section 8.6). `isAllowed`: the
 * user has just allowed it.
 * @throws Problem 503 `unavailable`
 */
export async function isNewTo(
  { env }: Call,
  client: Client,
  { user_id }: Session,
  { scope, redirect_uri }: AuthorizationRequest,
  isAllowed = false,
): Promise<boolean> {
  if (hasDocument(client) && isOnDevice(redirect_uri) && !isAllowed) return true
  return client.third_party && !covers(await consentOf(env.DB, user_id, client.id), scope)
}

/**
 * Remembers what the user allowed, and the client itself if nobody registered it. `asked`: the user whom the page asked, as it says itself.
 * @throws Problem 403 `cross_site_request` if that was another user, 401 `invalid_token` if the session has ended, 503
 * `unavailable`
 */
export async function allow(
  call: SignedInCall,
  client: Client,
  { client_id, scope }: AuthorizationRequest,
  asked: string | null,
): Promise<void> {
  const { user_id } = call.session
  if (asked !== null && asked !== String(user_id)) throw new Problem('cross_site_request')
  const stands = sql`EXISTS (${stillLive(call)})`
  const results = await batch(call.env.DB, [
    ...(hasDocument(client) ? [keepDocument(client, stands)] : []),
    ...grantConsent(call, { user_id, client_id, scope }, stands),
  ])
  if (results.at(-2)?.length !== 1) throw new Problem('invalid_token')
}

/** The page that asks. @throws Problem 404 `not_found`, 503 `unavailable` */
export async function askConsent(
  c: Context<AppEnv>,
  client: Client,
  session: Session,
  request: AuthorizationRequest,
): Promise<Response> {
  const call = callOf(c)
  const user = await signedInUser({ ...call, session })
  const own = resourceNamed(call, request.resource)?.scopes ?? {}
  return pageOf(c, (view) => <ConsentPage view={view} {...{ client, user, request, own }} />)
}
