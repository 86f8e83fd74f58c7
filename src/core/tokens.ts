import { sign } from 'hono/jwt'
import * as v from 'valibot'
import type { Config } from '../config.ts'
import { base64url, fromBase64url, randomId, utf8 } from '../lib/bytes.ts'
import { parseJson } from '../lib/json.ts'
import type { Verified } from './remembered-tokens.ts'
import { LEGACY_SESSION, type Session } from './sessions.ts'

/** What may differ between the clock that signed and the clock that checks. Expiry gets none. */
const IAT_LEEWAY_SECONDS = 60

/** A token of ours is about 400 characters. Longer ones are not worth decoding. */
const TOKEN_MAX_LENGTH = 8_192

/**
 * Three parts of base64url, the last being the 32 bytes of HS256, each in its one canonical spelling: where the last
 * character carries fewer than six bits, the rest of them are zero (RFC 4648 section 3.5).
 */
const PART = '(?:[\\w-]{4})*(?:[\\w-][AQgw]|[\\w-]{2}[AEIMQUYcgkosw048])?'
const COMPACT_FORM = new RegExp(`^(${PART})\\.(${PART})\\.[\\w-]{42}[AEIMQUYcgkosw048]$`)

const wholeNumber = v.pipe(v.number(), v.safeInteger(), v.minValue(0))

/** Header members that our tokens have. Others (`crit`, `jku`, `b64`, ...) ask for what is not done here. */
const header = v.strictObject({ alg: v.literal('HS256'), typ: v.optional(v.string()), kid: v.optional(v.string()) })

const claimsForm = v.object({
  user_id: v.pipe(wholeNumber, v.minValue(1)),
  sub: v.string(),
  sid: v.pipe(v.string(), v.nonEmpty()),
  jti: v.pipe(v.string(), v.nonEmpty()),
  iat: wholeNumber,
  exp: wholeNumber,
  nbf: v.optional(wholeNumber),
  iss: v.string(),
  aud: v.optional(v.union([v.string(), v.array(v.string())])),
  auth_time: wholeNumber,
  roles: v.optional(v.array(v.string()), []),
})

/** What the Flask tutorial signs, and not a member more. Python's `time.time()` makes an `exp` with a fraction. */
const legacyClaims = v.strictObject({
  user_id: v.pipe(wholeNumber, v.minValue(1)),
  exp: v.pipe(v.number(), v.finite()),
})

/** `header` is the one that Hono writes for this key: whatever starts with it need not be read again. */
export type SigningKey = {
  kid: string
  header: string
  jwk: JsonWebKey & { kid: string; alg: 'HS256' }
  verify: CryptoKey
}

/** The keys of one configuration: the first signs, all verify. */
export type Keyring = readonly [current: SigningKey, ...previous: SigningKey[]]

const keyrings = new WeakMap<Config, Keyring>()

/** The keys, imported once per configuration: importing for each request would cost a fifth of its time. */
export async function keyring(config: Config): Promise<Keyring> {
  let keys = keyrings.get(config)
  if (!keys) {
    // Data is remembered, not the promise: a request that awaits another request's promise can hang for ever.
    const { JWT_SECRET_KEY: current, JWT_SECRET_KEY_PREVIOUS: previous } = config
    keys = previous ? [await signingKey(current), await signingKey(previous)] : [await signingKey(current)]
    keyrings.set(config, keys)
  }
  return keys
}

/**
 * An access token for a session whose row is already written, and when it expires: after `ACCESS_TOKEN_TTL_SECONDS`, or
 * with the session. Claims as in RFC 7519 section 4.1 and OpenID Connect Core section 2; `user_id` is what the Flask
 * tutorial reads.
 */
export async function accessToken(
  session: Session,
  config: Config,
  now: number,
): Promise<{ token: string; expires_at: number }> {
  const [{ jwk }] = await keyring(config)
  const { id: sid, user_id, auth_time, roles } = session
  const expires_at = Math.min(now + config.ACCESS_TOKEN_TTL_SECONDS, session.expires_at)
  const claims = {
    user_id,
    sub: String(user_id),
    sid,
    jti: randomId(),
    iat: now,
    exp: expires_at,
    iss: config.JWT_ISSUER,
    auth_time,
    ...(roles.length > 0 && { roles }),
    ...(config.JWT_AUDIENCE !== undefined && { aud: config.JWT_AUDIENCE }),
  }
  return { token: await sign(claims, jwk, 'HS256'), expires_at }
}

/**
 * The keys that may have signed this text: the one its `kid` names, or all where it names none. Empty when the text is
 * no token of the kind that is made here. Nothing in it is verified yet.
 */
export function candidateKeys(unverifiedToken: string, keys: Keyring): readonly SigningKey[] {
  const parts = unverifiedToken.length <= TOKEN_MAX_LENGTH && COMPACT_FORM.exec(unverifiedToken)
  if (!parts) return []
  try {
    const kid = keys.find((key) => key.header === parts[1])?.kid ?? kidOf(parts[1]!)
    parseJson(fromBase64url(parts[2]!)) // a repeated claim would mean one thing here and another elsewhere
    return kid === undefined ? keys : keys.filter((key) => key.kid === kid)
  } catch {
    return []
  }
}

/** @throws when the header is not one that is understood here */
const kidOf = (text: string): string | undefined => v.parse(header, parseJson(fromBase64url(text))).kid

/**
 * The session that a payload speaks of, and from when on; undefined when a claim is missing, of the wrong type, or says
 * no. The signature must have been verified before (RFC 7519 section 7.2, RFC 9068 section 4).
 */
export function sessionOf(payload: unknown, config: Config, now: number): Verified | undefined {
  const result = v.safeParse(claimsForm, payload)
  if (!result.success) return legacySessionOf(payload, config, now)
  const { user_id, sub, sid, iat, exp, nbf = 0, iss, aud, auth_time, roles } = result.output
  if (iss !== config.JWT_ISSUER || sub !== String(user_id)) return undefined
  // Both absent, or ours among theirs: a token for somebody else is not for us (RFC 7519 section 4.1.3).
  if (![aud].flat().includes(config.JWT_AUDIENCE)) return undefined
  const not_before = Math.max(iat, nbf) - IAT_LEEWAY_SECONDS
  if (exp <= now || not_before > now) return undefined
  return { session: { id: sid, user_id, auth_time, expires_at: exp, roles }, not_before }
}

/** The session that a token of the old application stands for, while `LEGACY_TOKENS_UNTIL` lets it. It has no row. */
function legacySessionOf(payload: unknown, { LEGACY_TOKENS_UNTIL = 0 }: Config, now: number): Verified | undefined {
  const result = v.safeParse(legacyClaims, payload)
  if (!result.success || LEGACY_TOKENS_UNTIL <= now || result.output.exp <= now) return undefined
  const { user_id, exp } = result.output
  const expires_at = Math.min(Math.floor(exp), LEGACY_TOKENS_UNTIL)
  return { session: { id: LEGACY_SESSION, user_id, auth_time: 0, expires_at, roles: [] }, not_before: 0 }
}

async function signingKey(secret: string): Promise<SigningKey> {
  const bytes = utf8(secret)
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  const verify = await crypto.subtle.importKey('raw', bytes, algorithm, false, ['verify'])
  const digest = await crypto.subtle.digest('SHA-256', utf8(`latchkey kid\0${secret}`))
  const kid = base64url(new Uint8Array(digest).slice(0, 6))
  const header = base64url(utf8(JSON.stringify({ alg: 'HS256', typ: 'JWT', kid })))
  return { kid, header, jwk: { kty: 'oct', k: base64url(bytes), alg: 'HS256', kid }, verify }
}
