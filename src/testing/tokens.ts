/** Access tokens for the tests of a service that verifies those of Latchkey. */
import { base64url, randomId, utf8 } from '../lib/bytes.ts'

/** A private key as `SIGNING_KEYS` holds it. */
export type SigningKey = { kty: string; alg: 'ES256' | 'RS256'; kid: string; [member: string]: unknown }

const ALGORITHMS = {
  ES256: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  RS256: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
}

/** A new key. RSA keys take a while. */
export async function freshKey(alg: SigningKey['alg'] = 'ES256', kid = 'test', bits = 2048): Promise<SigningKey> {
  const more = alg === 'RS256' && { modulusLength: bits, publicExponent: Uint8Array.of(1, 0, 1) }
  const algorithm = { ...ALGORITHMS[alg], ...more } as unknown as Parameters<SubtleCrypto['generateKey']>[0]
  const { privateKey } = (await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as CryptoKeyPair
  const jwk = (await crypto.subtle.exportKey('jwk', privateKey)) as object
  return Object.assign(jwk, { alg, kid }) as unknown as SigningKey
}

/** What `GET /oauth/jwks` answers for these keys. */
export const jwksOf = (...keys: SigningKey[]): { keys: object[] } => ({
  keys: keys.map(({ kty, alg, kid, crv, x, y, n, e }) => ({ kty, use: 'sig', alg, kid, crv, x, y, n, e })),
})

/**
 * A JWT with any header and payload, which may be objects or raw text.
 * @param key a text is a key for HMAC with `hash`
 */
export async function signed(
  header: unknown,
  payload: unknown,
  key: string | SigningKey,
  hash = 'SHA-256',
): Promise<string> {
  const part = (value: unknown) => base64url(utf8(typeof value === 'string' ? value : JSON.stringify(value)))
  const text = `${part(header)}.${part(payload)}`
  const algorithm = typeof key === 'string' ? { name: 'HMAC', hash } : ALGORITHMS[key.alg]
  const imported =
    typeof key === 'string'
      ? crypto.subtle.importKey('raw', utf8(key), algorithm, false, ['sign'])
      : crypto.subtle.importKey('jwk', key as JsonWebKey, algorithm, false, ['sign'])
  return `${text}.${base64url(new Uint8Array(await crypto.subtle.sign(algorithm, await imported, utf8(text))))}`
}

export type Claims = {
  user_id?: number
  roles?: string[]
  /** `aal2`: the user has shown two factors. */
  acr?: 'aal1' | 'aal2'
  /** Any other claim, your own included. It replaces what the service would write. */
  [name: string]: unknown
}

/**
 * An access token as the service issues it for a login of this moment. No session belongs to it.
 * @param key `JWT_SECRET_KEY`, or the key that signs with `ACCESS_TOKEN_ALG=ES256`, for which the claims need `iss` and `aud`
 */
export function accessToken(key: string | SigningKey, { user_id = 1, ...claims }: Claims = {}): Promise<string> {
  const now = Math.floor(Date.now() / 1_000)
  const isText = typeof key === 'string'
  const header = isText ? { alg: 'HS256', typ: 'JWT' } : { alg: key.alg, typ: 'at+jwt', kid: key.kid }
  const amr = claims.acr === 'aal2' ? ['pwd', 'otp', 'mfa'] : ['pwd']
  const identity = { user_id, sub: String(user_id), sid: randomId(), jti: randomId(), iss: 'latchkey' }
  const times = { iat: now - 10, exp: now + 86_400, auth_time: now }
  return signed(header, { ...identity, ...times, acr: 'aal1', amr, ...claims }, key)
}

/** The headers of a signed-in request. */
export const bearer = (token: string): { headers: { Authorization: string } } => ({
  headers: { Authorization: `Bearer ${token}` },
})
