/** Google, Microsoft, Apple, Kakao and any issuer, played by a real OpenID provider (`oidc-provider`, certified). */
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { type Configuration, type Context, Provider } from 'oidc-provider'
import { claimsOf, type Claims, type Header, headerOf, signJwt } from './jwt.ts'
import { formOf, json, type Played, signInPage } from './server.ts'

/** What differs between the providers. */
export type Face = {
  name: string
  /** Behind the origin: Microsoft's issuer has a tenant. */
  issuerPath?: string
  routes?: Record<string, string>
  /** Which claims of a person each scope gives. */
  claims: Record<string, string[]>
  responseMode?: 'form_post'
  /** Whether the answer has `iss` (RFC 9207). */
  answersIss?: boolean
  /** Instead of a fixed secret. */
  isSecret?: (secret: string, url: string) => boolean
  /** What the form of a first sign-in also holds. Nobody signs it. */
  atFirst?: (person: Claims) => Record<string, string>
  /** Its API beside OpenID Connect: the answer at a path, to whoever has an access token of this person. */
  api?: Record<string, (person: Claims) => unknown>
}

export const CLIENT = { id: 'latchkey-e2e', secret: 'secret-of-the-client' }

/** Changes an id token before it leaves. `stranger`: a key that the provider does not publish. */
export type Forge = (token: {
  header: Header
  claims: Claims
}) => { header?: Header; claims?: Claims; stranger?: true } | string

export type OpenIdProvider = Played & {
  issuer: string
  /** Who has an account there: the claims, by what they type as login. The login is their `sub`. */
  people: Map<string, Claims>
  /** What the provider does wrong. */
  wrong: {
    idToken?: Forge
    discovery?: (document: Claims) => Claims
    /** A path that never answers. */
    hang?: string
    /** Where the browser is sent instead of the callback with its answer. */
    answer?: (callback: string) => string
  }
}

export function playOpenId(face: Face, url: string): OpenIdProvider {
  const people = new Map<string, Claims>()
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const { privateKey: stranger } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  let handler: RequestListener = (_, response) => void response.writeHead(503).end()
  const issuer = url + (face.issuerPath ?? '')

  const register = (callback: string): void => {
    const provider = new Provider(issuer, configurationOf(face, url, callback, people, privateKey))
    if (face.isSecret) provider.Client.prototype.compareClientSecret = (secret) => face.isSecret!(secret, issuer)
    provider.on('server_error', (_, error) => console.error(face.name, error))
    const known = new Set<string>()
    provider.use(async (ctx, next) => {
      await next()
      if (ctx.oidc?.route === 'token') forge(ctx, played.wrong.idToken, privateKey, stranger)
      if (ctx.oidc?.route === 'discovery') ctx.body = played.wrong.discovery?.(ctx.body as Claims) ?? ctx.body
      answer(ctx, face, callback, known, people)
      const location = ctx.response.get('Location')
      if (played.wrong.answer && location?.startsWith(callback))
        ctx.response.set('Location', played.wrong.answer(location))
    })
    handler = handlerOf(face, provider, people, played)
  }
  const handle: RequestListener = (request, response) => handler(request, response)
  const played: OpenIdProvider = { url, issuer, people, wrong: {}, register, handle }
  return played
}

const configurationOf = (
  face: Face,
  url: string,
  callback: string,
  people: Map<string, Claims>,
  key: KeyObject,
): Configuration => ({
  clients: [
    {
      client_id: CLIENT.id,
      client_secret: CLIENT.secret,
      redirect_uris: [callback],
      token_endpoint_auth_method: 'client_secret_post',
    },
  ],
  jwks: { keys: [{ ...key.export({ format: 'jwk' }), use: 'sig', alg: 'RS256', kid: 'of-today' }] },
  // All of them share a host, and so its cookies.
  cookies: {
    keys: ['only for this test'],
    names: Object.fromEntries(
      ['session', 'interaction', 'resume'].map((name) => [name, `${name}-${url.split('/').at(-1)}`]),
    ),
  },
  features: { devInteractions: { enabled: false } },
  pkce: { required: () => face.isSecret === undefined },
  routes: face.routes,
  claims: face.claims,
  scopes: Object.keys(face.claims),
  // Scopes give their claims in the id token, as all of them do.
  conformIdTokenClaims: false,
  ttl: { AccessToken: 600, AuthorizationCode: 60, Grant: 600, IdToken: 600, Interaction: 600, Session: 600 },
  interactions: { url: (_: unknown, { uid }: { uid: string }) => `${url}/interaction/${uid}` },
  findAccount: (_: unknown, accountId: string) =>
    people.has(accountId) && { accountId, claims: () => ({ sub: accountId, ...people.get(accountId) }) },
  // Whoever signs in has consented.
  loadExistingGrant: async ({ oidc: { provider, client, session, params } }) => {
    const grant = new provider.Grant({ accountId: session.accountId, clientId: client.clientId })
    grant.addOIDCScope(params.scope)
    await grant.save()
    return grant
  },
})

const handlerOf =
  (face: Face, provider: Provider, people: Map<string, Claims>, played: OpenIdProvider): RequestListener =>
  (request, response) => {
    const path = request.url?.split('?')[0] ?? ''
    if (played.wrong.hang === path) return
    if (path.startsWith('/interaction/')) return void interact(face, provider, people, request, response)
    const answerOf = face.api?.[path]
    if (answerOf) return void answerApi(answerOf, provider, people, request, response)
    // Microsoft has the tenant in front of every path.
    if (face.issuerPath) request.url = request.url?.replace(/^\/(?:common|organizations|consumers|[\da-f-]{36})\//, '/')
    void provider.callback()(request, response)
  }

async function interact(face: Face, provider: Provider, people: Map<string, Claims>, ...[request, response]: Exchange) {
  if (request.method !== 'POST') return signInPage(response, face.name)
  const fields = await formOf(request)
  const accountId = fields.get('login') ?? ''
  const isBack = fields.get('do') === 'cancel'
  if (!isBack && !people.has(accountId)) return signInPage(response, face.name, 401)
  const result = isBack ? { error: 'access_denied' } : { login: { accountId } }
  await provider.interactionFinished(request, response, result)
}

async function answerApi(
  answerOf: (person: Claims) => unknown,
  provider: Provider,
  people: Map<string, Claims>,
  ...[request, response]: Exchange
) {
  const found = await provider.AccessToken.find(request.headers.authorization?.replace(/^Bearer /i, '') ?? '')
  if (!found) return json(response, { msg: 'this access token does not exist', code: -401 }, 401)
  json(response, answerOf({ sub: found.accountId, ...people.get(found.accountId) }))
}

function forge(ctx: Context, forging: Forge | undefined, key: KeyObject, stranger: KeyObject): void {
  const body = ctx.body as { id_token?: string } | undefined
  if (!forging || !body?.id_token) return
  const token = { header: headerOf(body.id_token), claims: claimsOf(body.id_token) }
  const forged = forging(token)
  ctx.body =
    typeof forged === 'string'
      ? { ...body, id_token: forged }
      : {
          ...body,
          id_token: signJwt(
            forged.header ?? token.header,
            forged.claims ?? token.claims,
            forged.stranger ? stranger : key,
          ),
        }
}

/** The answer that goes to the callback, as this provider writes it. */
function answer(ctx: Context, face: Face, callback: string, known: Set<string>, people: Map<string, Claims>): void {
  const location = ctx.response.get('Location')
  if (face.answersIss !== true && location?.startsWith(callback)) {
    const url = new URL(location)
    url.searchParams.delete('iss')
    ctx.response.set('Location', url.href)
  }
  if (typeof ctx.body !== 'string' || !ctx.body.includes(`action="${callback}"`)) return
  if (face.answersIss !== true) ctx.body = ctx.body.replace(/<input [^>]*name="iss"[^>]*>/, '')
  const login = (ctx as unknown as { oidc: { session?: { accountId?: string } } }).oidc.session?.accountId ?? ''
  if (!face.atFirst || known.has(login) || !people.has(login)) return
  known.add(login)
  const more = Object.entries(face.atFirst(people.get(login)!)).map(
    ([name, value]) => `<input type="hidden" name="${name}" value="${value.replaceAll('"', '&quot;')}">`,
  )
  ctx.body = (ctx.body as string).replace('</form>', `${more.join('')}</form>`)
}

type Exchange = [request: IncomingMessage, response: ServerResponse]
