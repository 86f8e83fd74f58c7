import type { Context } from 'hono'
import type { Call, SignedInCall } from '../../core/call.ts'
import type { Client } from '../../core/clients/client.ts'
import { consentOf, covers, grantConsent } from '../../core/clients/consents.ts'
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
import type { AuthorizationRequest } from './request.ts'

/** Whether the user has not yet allowed a client of a third party what it asks for. @throws Problem 503 `unavailable` */
export async function isNewTo(
  { env }: Call,
  client: Client,
  { user_id }: Session,
  { scope }: AuthorizationRequest,
): Promise<boolean> {
  return client.third_party && !covers(await consentOf(env.DB, user_id, client.id), scope)
}

/**
 * Remembers what the user allowed. `asked`: the user whom the page asked, as it says itself.
 * @throws Problem 403 `cross_site_request` if that was another user, 401 `invalid_token` if the session has ended, 503
 * `unavailable`
 */
export async function allow(
  call: SignedInCall,
  { client_id, scope }: AuthorizationRequest,
  asked: string | null,
): Promise<void> {
  const { user_id } = call.session
  if (asked !== null && asked !== String(user_id)) throw new Problem('cross_site_request')
  const [rows] = await batch(
    call.env.DB,
    grantConsent(call, { user_id, client_id, scope }, sql`EXISTS (${stillLive(call)})`),
  )
  if (rows?.length !== 1) throw new Problem('invalid_token')
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
