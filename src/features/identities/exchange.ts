import {
  type AuthorizationServer,
  authorizationCodeGrantRequest,
  ClientSecretBasic,
  ClientSecretPost,
  getValidatedIdTokenClaims,
  jwksCache,
  type JWKSCacheInput,
  nopkce,
  processAuthorizationCodeResponse,
  protectedResourceRequest,
  validateApplicationLevelSignature,
  validateAuthResponse,
} from 'oauth4webapi'
import type { Call } from '../../core/call.ts'
import { sha256 } from '../../lib/bytes.ts'
import type { Config } from '../../config.ts'
import { asking } from './failure.ts'
import { type Profile, type Provider, text } from './providers/provider.ts'
import { serverOf } from './server.ts'
import type { Transaction } from './transaction.ts'

/** The address to which a provider sends people back. It is entered in the provider's console. */
const redirectUri = ({ PUBLIC_URL }: Config, { name }: Provider): string => `${PUBLIC_URL}/login/with/${name}/callback`

/** The address at the provider that a transaction begins with. @throws Problem 400 `provider_failed` */
export async function authorizationUrl({ settings }: Call, provider: Provider, begun: Transaction): Promise<string> {
  const { as } = await asking(provider, serverOf(settings, provider))
  const url = new URL(as.authorization_endpoint!)
  const parameters = {
    response_type: 'code',
    client_id: provider.client(settings).client_id,
    redirect_uri: redirectUri(settings, provider),
    scope: provider.scope,
    state: begun.state,
    ...(isOpenId(provider) && { nonce: begun.nonce }),
    ...(!provider.withoutPkce && { code_challenge: await sha256(begun.verifier), code_challenge_method: 'S256' }),
    ...provider.parameters,
  }
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
  return url.href
}

const isOpenId = ({ scope }: Provider): boolean => scope.split(' ').includes('openid')

/** The keys that this isolate knows, by their address. The library judges their age. */
const keys = new Map<string, JWKSCacheInput>()

/**
 * Exchanges the code of an answer for what the provider says about the person, and verifies it (OpenID Connect Core section
 * 3.1.3.7). The tokens of the provider are forgotten.
 * @throws Problem 400 `provider_failed`
 */
export const profileOf = (
  call: Call,
  provider: Provider,
  begun: Transaction,
  answer: URLSearchParams,
): Promise<Profile> => asking(provider, exchange(call, provider, begun, answer))

async function exchange(
  { settings }: Call,
  provider: Provider,
  begun: Transaction,
  answer: URLSearchParams,
): Promise<Profile> {
  const { as: shared, at, options } = await serverOf(settings, provider)
  const as = { ...shared } // the library keeps promises for each object, which no two requests may share
  const client = provider.client(settings)
  const response = await authorizationCodeGrantRequest(
    as,
    client,
    authenticationAt(as, provider)(await provider.secret(settings)),
    validateAuthResponse(as, client, answer, begun.state), // with `iss`, RFC 9207
    redirectUri(settings, provider),
    provider.withoutPkce ? nopkce : begun.verifier,
    { ...options, ...(provider.stateAtToken && { additionalParameters: { state: begun.state } }) },
  )
  const expected = isOpenId(provider) ? { expectedNonce: begun.nonce, requireIdToken: true } : {}
  const tokens = await processAuthorizationCodeResponse(as, client, response, expected)
  const claims = isOpenId(provider) ? getValidatedIdTokenClaims(tokens)! : undefined
  if (claims) {
    const known = structuredClone(keys.get(as.jwks_uri!) ?? {}) as JWKSCacheInput
    await validateApplicationLevelSignature(as, response, { ...options, [jwksCache]: known })
    keys.set(as.jwks_uri!, known)
    // Section 3.1.3.7 rule 5. The library compares it only if there are several audiences.
    if ((claims.azp ?? client.client_id) !== client.client_id) throw new Error('The token is for another client.')
  }
  const read = async (path: string): Promise<unknown> => {
    const headers = new Headers({ accept: 'application/json' })
    const url = new URL(at(provider.api! + path))
    const found = await protectedResourceRequest(tokens.access_token, 'GET', url, headers, null, options)
    if (found.status !== 200) throw new Error(`The API answered ${found.status}.`)
    return found.json()
  }
  const seen = { claims: claims ?? {}, issuer: claims?.iss ?? as.issuer, read, settings }
  const profile = await provider.profile(seen)
  if (text(profile.subject) === undefined) throw new Error('The subject is no short text.')
  return profile
}

/** How this service authenticates at a token endpoint (RFC 8414 section 2). The known providers take it in the body. */
function authenticationAt(
  { token_endpoint_auth_methods_supported: methods }: AuthorizationServer,
  { server }: Provider,
) {
  const inBody = server ? true : methods?.includes('client_secret_post')
  return inBody ? ClientSecretPost : ClientSecretBasic
}
