import { sign } from 'hono/jwt'
import * as v from 'valibot'
import type { Config } from '../../config.ts'
import { base64url, CANONICAL, fromBase64url, randomId, utf8 } from '../../lib/bytes.ts'
import { parseJson } from '../../lib/json.ts'
import { signJwt, TOKEN_MAX_LENGTH } from '../keys/signing.ts'
import type { Session } from '../sessions/session.ts'
import { audienceOf } from './claims.ts'

/**
 * How far `iat` is set back. Libraries such as PyJWT refuse an `iat` even slightly ahead of their own clock, and some
 * hosts run a few seconds behind. `exp` and `auth_time` are not shifted.
 */
export const IAT_BACK_SECONDS = 10

/** Three parts of base64url, the last being the 32 bytes of HS256. */
const COMPACT_FORM = new RegExp(`^(${CANONICAL})\\.(${CANONICAL})\\.[\\w-]{42}[AEIMQUYcgkosw048]$`)

/**
 * The header parameters of our tokens. Others (`crit`, `jku`, `b64`, ...) would require processing that this service
 * does not do.
 */
const header = v.strictObject({ alg: v.literal('HS256'), typ: v.optional(v.string()), kid: v.optional(v.string()) })

/** `header` is the one that Hono writes for this key. A token that starts with it needs no parsing of its header. */
export type SigningKey = {
  kid: string
  header: string
  jwk: JsonWebKey & { kid: string; alg: 'HS256' }
  verify: CryptoKey
}

/** The keys of one configuration: the first signs, all verify. */
export type Keyring = readonly [current: SigningKey, ...previous: SigningKey[]]

const keyrings = new WeakMap<Config, Keyring>()

/** The keys, imported once per configuration. Importing them for each request would take a fifth of its time. */
export async function keyring(config: Config): Promise<Keyring> {
  let keys = keyrings.get(config)
  if (!keys) {
    // The keys are cached, not the promise: a request that awaits another request's promise can hang forever.
    const { JWT_SECRET_KEY: current, JWT_SECRET_KEY_PREVIOUS: previous } = config
    keys = previous ? [await signingKey(current), await signingKey(previous)] : [await signingKey(current)]
    keyrings.set(config, keys)
  }
  return keys
}

/**
 * Issues an access token for a session whose row is already written. It expires after `ACCESS_TOKEN_TTL_SECONDS` or
 * with the session. Claims follow RFC 7519 section 4.1 and OpenID Connect Core section 2; `user_id` is what the Flask
 * tutorial reads. `amr`: the authentication methods (RFC 8176). With `ACCESS_TOKEN_ALG` `ES256`, it has the profile of
 * RFC 9068, except for `client_id`: no client takes part.
 */
export async function accessToken(
  session: Omit<Session, 'live'> & { amr: readonly string[] },
  config: Config,
  now: number,
): Promise<{ token: string; expires_at: number }> {
  const { id: sid, user_id, auth_time, roles, acr, amr } = session
  const expires_at = Math.min(now + config.ACCESS_TOKEN_TTL_SECONDS, session.expires_at)
  const claims = {
    user_id,
    sub: String(user_id),
    sid,
    jti: randomId(),
    iat: now - IAT_BACK_SECONDS,
    exp: expires_at,
    iss: config.JWT_ISSUER,
    auth_time,
    acr,
    ...(amr.length > 0 && { amr }),
    ...(roles.length > 0 && { roles }),
    ...(config.JWT_AUDIENCE !== undefined && { aud: config.JWT_AUDIENCE }),
  }
  if (config.ACCESS_TOKEN_ALG === 'ES256') {
    const aud = audienceOf(config)
    return { token: await signJwt(config, { alg: 'ES256', typ: 'at+jwt' }, { ...claims, aud }), expires_at }
  }
  const [{ jwk }] = await keyring(config)
  return { token: await sign(claims, jwk, 'HS256'), expires_at }
}

/**
 * The keys that may have signed this text: the one that `kid` names, or all keys without a `kid`. Empty if the text is
 * not a token in our format. Nothing in the token is verified yet.
 */
export function candidateKeys(unverifiedToken: string, keys: Keyring): readonly SigningKey[] {
  const parts = unverifiedToken.length <= TOKEN_MAX_LENGTH && COMPACT_FORM.exec(unverifiedToken)
  if (!parts) return []
  try {
    const kid = keys.find((key) => key.header === parts[1])?.kid ?? kidOf(parts[1]!)
    return kid === undefined ? keys : keys.filter((key) => key.kid === kid)
  } catch {
    return []
  }
}

/**
 * Whether the payload of a verified token can be read in only one way. With a repeated claim or ill-formed UTF-8, other
 * readers could see something else. A payload equal to the output of `JSON.stringify` needs no further check.
 */
export function hasOneReading(token: string, payload: unknown): boolean {
  const part = token.split('.')[1]!
  if (atob(part.replaceAll('-', '+').replaceAll('_', '/')) === JSON.stringify(payload)) return true
  try {
    parseJson(fromBase64url(part))
    return true
  } catch {
    return false
  }
}

/** @throws if the header is not one that this service understands */
const kidOf = (text: string): string | undefined => v.parse(header, parseJson(fromBase64url(text))).kid

async function signingKey(secret: string): Promise<SigningKey> {
  const bytes = utf8(secret)
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  const verify = await crypto.subtle.importKey('raw', bytes, algorithm, false, ['verify'])
  const digest = await crypto.subtle.digest('SHA-256', utf8(`latchkey kid\0${secret}`))
  const kid = base64url(new Uint8Array(digest).slice(0, 6))
  const header = base64url(utf8(JSON.stringify({ alg: 'HS256', typ: 'JWT', kid })))
  return { kid, header, jwk: { kty: 'oct', k: base64url(bytes), alg: 'HS256', kid }, verify }
}
