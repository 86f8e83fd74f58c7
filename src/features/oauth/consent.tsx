import type { Context } from 'hono'
import type { Call, SignedInCall } from '../../core/call.ts'
import type { Client } from '../../core/clients/client.ts'
import { consentOf, covers, grantConsent } from '../../core/clients/consents.ts'
import { batch } from '../../core/d1.ts'
import type { Session } from '../../core/sessions/session.ts'
import { stillLive } from '../../core/sessions/sessions.ts'
import type { AppEnv } from '../../http/app-env.ts'
import { sql } from '../../lib/sql.ts'
import { Layout } from '../../pages/layout.tsx'
import { pageOf } from '../../pages/view.tsx'
import { Problem } from '../../problem.ts'
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

/** Remembers what the user allowed. @throws Problem 401 `invalid_token` if the session has ended, 503 `unavailable` */
export async function allow(call: SignedInCall, { client_id, scope }: AuthorizationRequest): Promise<void> {
  const { user_id } = call.session
  const [rows] = await batch(
    call.env.DB,
    grantConsent(call, { user_id, client_id, scope }, sql`EXISTS (${stillLive(call)})`),
  )
  if (rows?.length !== 1) throw new Problem('invalid_token')
}

/** The page that asks. Its form is sent to its own address, so nothing of the request can be changed. */
export const askConsent = (
  c: Context<AppEnv>,
  client: Client,
  _session: Session,
  { scope }: AuthorizationRequest,
): Promise<Response> =>
  pageOf(c, (view) => (
    <Layout view={view} title={client.name}>
      <p>{scope}</p>
      <form method="post" action={view.path}>
        <button type="submit" name="decision" value="allow">
          Allow
        </button>
        <button type="submit" name="decision" value="deny" class="quiet">
          Deny
        </button>
      </form>
    </Layout>
  ))
