import {
  authorizationCodeGrantRequest,
  ClientSecretBasic,
  ClientSecretPost,
  getValidatedIdTokenClaims,
  type IDToken,
  jwksCache,
  type JWKSCacheInput,
  nopkce,
  processAuthorizationCodeResponse,
  protectedResourceRequest,
  validateApplicationLevelSignature,
  validateAuthResponse,
} from 'oauth4webapi'
import type { Call } from '../../core/call.ts'
import { base64url, utf8 } from '../../lib/bytes.ts'
import type { Config } from '../../config.ts'
import { asking } from './failure.ts'
import type { Profile, Provider } from './providers/provider.ts'
import { serverOf } from './server.ts'
import type { Transaction } from './transaction.ts'

/** The address to which a provider sends people back. It is entered in the provider's console. */
const redirectUri = ({ PUBLIC_URL }: Config, { name }: Provider): string => `${PUBLIC_URL}/login/with/${name}/callback`

/** The address at the provider that a transaction begins with. @throws Problem 400 `provider_failed` */
export async function authorizationUrl({ settings }: Call, provider: Provider, begun: Transaction): Promise<string> {
  const { as } = await asking(provider, serverOf(settings, provider))
  const url = new URL(as.authorization_endpoint!)
  const challenge = base64url(new Uint8Array(await crypto.subtle.digest('SHA-256', utf8(begun.verifier))))
  const parameters = {
    response_type: 'code',
    client_id: provider.client(settings).client_id,
    redirect_uri: redirectUri(settings, provider),
    scope: provider.scope,
    state: begun.state,
    ...(isOpenId(provider) && { nonce: begun.nonce }),
    ...(!provider.withoutPkce && { code_challenge: challenge, code_challenge_method: 'S256' }),
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
  const code = validateAuthResponse(as, client, answer, begun.state) // with `iss`, RFC 9207
  const response = await authorizationCodeGrantRequest(
    as,
    client,
    ((as.token_endpoint_auth_methods_supported?.includes('client_secret_post') ?? provider.server !== undefined)
      ? ClientSecretPost
      : ClientSecretBasic)(await provider.secret(settings)),
    code,
    redirectUri(settings, provider),
    provider.withoutPkce ? nopkce : begun.verifier,
    { ...options, additionalParameters: provider.parameters?.['response_mode'] ? {} : { state: begun.state } },
  )
  const expected = isOpenId(provider) ? { expectedNonce: begun.nonce, requireIdToken: true } : {}
  const tokens = await processAuthorizationCodeResponse(as, client, response, expected)
  const claims: Partial<IDToken> = (isOpenId(provider) && getValidatedIdTokenClaims(tokens)) || {}
  if (isOpenId(provider)) {
    const known = structuredClone(keys.get(as.jwks_uri!) ?? {}) as JWKSCacheInput
    await validateApplicationLevelSignature(as, response, { ...options, [jwksCache]: known })
    keys.set(as.jwks_uri!, known)
    // Section 3.1.3.7 rule 5. The library asks for it only where there are several audiences.
    if (claims.azp !== undefined && claims.azp !== client.client_id)
      throw new Error('The token was issued to another client.')
  }
  const read = async (path: string): Promise<unknown> => {
    const url = new URL(at(provider.api! + path))
    const found = await protectedResourceRequest(
      tokens.access_token,
      'GET',
      url,
      new Headers({ accept: 'application/json' }),
      null,
      options,
    )
    if (found.status !== 200) throw new Error(`Its API answered ${found.status}.`)
    return found.json()
  }
  return provider.profile({ claims, issuer: claims.iss ?? as.issuer, read, settings })
}
