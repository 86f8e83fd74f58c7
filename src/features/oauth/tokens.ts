import { levelOf } from '../../core/tokens/issue.ts'
import type { Call } from '../../core/call.ts'
import type { Client } from '../../core/clients/client.ts'
import { wordsOf } from '../../core/clients/consents.ts'
import { issuerOf, signJwt } from '../../core/keys/signing.ts'
import { refreshToken } from '../../core/sessions/refresh-tokens.ts'
import type { RefreshedSession } from '../../core/sessions/refreshed.ts'
import { IAT_BACK_SECONDS } from '../../core/tokens/tokens.ts'
import { base64url, randomId, utf8 } from '../../lib/bytes.ts'
import { personOf } from './person.ts'

/** Seconds. Whoever verifies the tokens of clients may not read the list of revoked sessions, so they do not last a day. */
const MAX_SECONDS = 3_600

/** Seconds. Nothing can revoke a token without a session. */
const CREDENTIALS_SECONDS = 600

/** The session of a client, and what the client may be told of its user. */
export type Granted = Omit<RefreshedSession, 'refreshed_at' | 'ip' | 'user_agent'>

/** RFC 6749 section 5.1, OpenID Connect Core section 3.1.3.3. `expires_in` is in seconds. */
export type TokenAnswer = {
  access_token: string
  token_type: 'Bearer'
  expires_in: number
  scope: string
  refresh_token?: string
  id_token?: string
}

/** The audience of a token that is for no other service. */
export const ownAudience = (call: Pick<Call, 'settings'>): string => `${issuerOf(call.settings)}/oauth/userinfo`

/**
 * The tokens of a client's session whose row is written. `scope`: of the access token, if it is narrower than the session's.
 * `nonce`: of the request that the id token answers. `more`: the claims that features add.
 */
export async function tokensFor(
  call: Call,
  client: Client,
  granted: Granted,
  { scope = granted.scope ?? '', nonce, more = {} }: { scope?: string; nonce?: string | undefined; more?: object } = {},
): Promise<TokenAnswer> {
  const { now, settings, registry } = call
  const seconds = Math.min(settings.ACCESS_TOKEN_TTL_SECONDS, MAX_SECONDS, granted.expires_at - now)
  const { acr, amr } = levelOf(registry, granted.shown)
  const { id: sid, auth_time, roles, resource } = granted
  const shared = {
    ...more,
    sub: String(granted.user_id),
    iat: now - IAT_BACK_SECONDS,
    exp: now + seconds,
    sid,
    auth_time,
    acr,
    ...(amr.length > 0 && { amr }),
  }
  const access_token = await signJwt(
    settings,
    { alg: 'ES256', typ: 'at+jwt' },
    {
      ...shared,
      aud: resource ?? ownAudience(call),
      client_id: client.id,
      jti: randomId(),
      scope,
      // Roles are between the operator and the operator's own applications.
      ...(roles.length > 0 && !client.third_party && { roles }),
    },
  )
  const words = wordsOf(scope)
  const refresh_token = await refreshToken({ session_id: sid, generation: granted.generation }, settings)
  if (!words.includes('openid'))
    return { access_token, token_type: 'Bearer', expires_in: seconds, scope, refresh_token }
  // Many applications read nothing but the id token, so what userinfo says is in it, too.
  const id_token = await signJwt(
    settings,
    { alg: client.id_token_alg, typ: 'JWT' },
    {
      ...shared,
      aud: client.id,
      at_hash: await halfHash(access_token),
      ...(nonce !== undefined && { nonce }),
      ...personOf(granted, words),
    },
  )
  return { access_token, token_type: 'Bearer', expires_in: seconds, scope, refresh_token, id_token }
}

/** The token of a client that acts for itself: no user, no session, no refresh token (RFC 6749 section 4.4). */
export async function clientToken(
  call: Call,
  { id }: Client,
  { scope, resource, more }: { scope: string; resource: string | undefined; more: object },
): Promise<TokenAnswer> {
  const { now, settings } = call
  const claims = {
    ...more,
    sub: id,
    client_id: id,
    aud: resource ?? ownAudience(call),
    iat: now - IAT_BACK_SECONDS,
    exp: now + CREDENTIALS_SECONDS,
    jti: randomId(),
    scope,
  }
  const access_token = await signJwt(settings, { alg: 'ES256', typ: 'at+jwt' }, claims)
  return { access_token, token_type: 'Bearer', expires_in: CREDENTIALS_SECONDS, scope }
}

/** `at_hash` (OpenID Connect Core section 3.1.3.6): both of our algorithms hash with SHA-256. */
export async function halfHash(token: string): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', utf8(token)))
  return base64url(hash.slice(0, hash.length / 2))
}
