import { type Context, Hono } from 'hono'
import { config } from '../../config.ts'
import { PROTECTED_RESOURCE } from '../../core/clients/resources.ts'
import { clientTokenIn } from '../../core/tokens/client-token.ts'
import type { Client } from '../../core/clients/client.ts'
import type { AppEnv } from '../../http/app-env.ts'
import { callOf } from '../../http/call.ts'
import { answered } from './answer.ts'
import { authenticate } from './authenticate.ts'
import { tokenFor } from './grants.ts'
import { exchanging, informing, revoking } from './inputs.ts'
import { metadata } from './metadata.ts'
import { whenOn } from './on.ts'
import { formParameters, type Parameters } from './parameters.ts'
import { protectedResource } from './protected-resource.ts'
import { Refusal } from './refusal.ts'
import { revokeToken } from './revoke.ts'
import { userinfo } from './userinfo.ts'

/** The endpoints that clients call, and the documents that tell them where these are. */
export const routes = new Hono<AppEnv>()
  .get('/.well-known/openid-configuration', whenOn, (c) => described(c, metadata(config(c.env))))
  .get('/.well-known/oauth-authorization-server', whenOn, (c) => described(c, metadata(config(c.env))))

  .get(PROTECTED_RESOURCE, whenOn, (c) => described(c, protectedResource(c.req.url, callOf(c))))
  .get(`${PROTECTED_RESOURCE}/:path{.+}`, whenOn, (c) => described(c, protectedResource(c.req.url, callOf(c))))

  .post('/oauth/token', exchanging.limit, whenOn, (c) =>
    answered(c, async () => {
      const { client, given } = await asked(c)
      return tokenFor(callOf(c), client, given)
    }),
  )

  .get('/oauth/userinfo', informing.limit, whenOn, (c) => answered(c, () => informed(c)))
  .post('/oauth/userinfo', informing.limit, whenOn, (c) => answered(c, () => informed(c)))

  .post('/oauth/revoke', revoking.limit, whenOn, (c) =>
    answered(c, async () => {
      const { client, given } = await asked(c)
      const token = given.get('token')
      if (token === undefined) throw new Refusal('invalid_request', 'token is missing.')
      await revokeToken(callOf(c), client, token)
      return {}
    }),
  )

/** Seconds for which a client may keep a document. */
const MAX_AGE = 300

function described(c: Context<AppEnv>, document: object): Response {
  c.header('Cache-Control', `public, max-age=${MAX_AGE}`)
  c.header('Access-Control-Allow-Origin', '*') // in every answer, because caches share it
  return c.json(document)
}

async function asked(c: Context<AppEnv>): Promise<{ client: Client; given: Parameters }> {
  const { req } = c
  const given = await formParameters({
    url: req.url,
    header: (name) => req.header(name),
    arrayBuffer: () => req.arrayBuffer(),
  })
  const client = await authenticate(callOf(c), req.header('Authorization'), given)
  // A public client has only named itself, so whoever knows its name could use up what is everybody's.
  if (client.secret_hash !== null) await c.var.countClient?.(client.id)
  return { client, given }
}

async function informed(c: Context<AppEnv>): Promise<object> {
  const header = c.req.header('Authorization')
  if (header === undefined) throw new Refusal('login_required', 'There is no access token.')
  const [, text] = /^Bearer +([\w.-]+)$/i.exec(header) ?? []
  const token = text === undefined ? undefined : await clientTokenIn(callOf(c), text)
  if (!token) throw new Refusal('invalid_token', 'The access token is not valid here.')
  await c.var.countClient?.(`${token.client_id} ${token.sid}`) // one user of an application must not use up it all
  return userinfo(callOf(c), token)
}
