import type { Config } from '../../config.ts'
import { issuerOf } from '../keys/signing.ts'
import { LEGACY_SESSION, type Session } from '../sessions/session.ts'

/** The tolerated difference between the clock that signed and the clock that checks. Expiry gets no leeway. */
const IAT_LEEWAY_SECONDS = 60

/** The content of a token whose signature and claims are valid. Its times are checked again whenever it is used. */
export type Verified = {
  session: Session
  /** Seconds: `iat` and `nbf`, less the leeway. */
  not_before: number
}

/** The claims of our tokens. Additional claims are ignored. */
type Claims = {
  user_id: number
  sub: string
  sid: string
  jti: string
  iat: number
  exp: number
  nbf?: number
  iss: string
  aud?: string | string[]
  auth_time: number
  roles?: string[]
  acr?: string
}

/** What the tokens of one key say of themselves, and when the last of them ends, in seconds. */
type Expected = { iss: string; aud: string | undefined; until: number }

/**
 * The session of the payload of a token under `JWT_SECRET_KEY`, and its earliest valid time; undefined if a claim is
 * missing, has the wrong type or is invalid. The signature must have been verified before (RFC 7519 section 7.2, RFC 9068
 * section 4).
 */
export function sessionOf(payload: unknown, config: Config, now: number): Verified | undefined {
  if (!isObject(payload)) return undefined
  const until = config.ACCESS_TOKEN_ALG === 'HS256' ? Infinity : (config.HS256_TOKENS_UNTIL ?? 0)
  if (!hasOurClaims(payload)) return legacySessionOf(payload, Math.min(config.LEGACY_TOKENS_UNTIL ?? 0, until), now)
  return checked(payload, { iss: config.JWT_ISSUER, aud: config.JWT_AUDIENCE, until }, now)
}

/**
 * The same for a token under a published key. `client_id` names the application that such a token was issued to, and
 * nothing here is meant for an application.
 */
export function publishedSessionOf(payload: Record<string, unknown>, config: Config, now: number) {
  if (!hasOurClaims(payload) || Object.hasOwn(payload, 'client_id')) return undefined
  return checked(payload, { iss: issuerOf(config), aud: audienceOf(config), until: Infinity }, now)
}

/** Who the access tokens under a published key are for. RFC 9068 section 2.2 wants them to say so. */
export const audienceOf = (config: Config): string => config.JWT_AUDIENCE ?? issuerOf(config)

function checked(claims: Claims, expected: Expected, now: number): Verified | undefined {
  const { user_id, sub, sid, iat, exp, nbf = 0, iss, aud, auth_time, roles = [], acr } = claims
  if (iss !== expected.iss || sub !== String(user_id)) return undefined
  // Either both are absent, or the token's audiences include ours. A token for another audience must be rejected (RFC
  // 7519 section 4.1.3).
  if (aud !== expected.aud && ![aud].flat().includes(expected.aud)) return undefined
  const not_before = Math.max(iat, nbf) - IAT_LEEWAY_SECONDS
  const expires_at = Math.min(exp, expected.until)
  if (expires_at <= now || not_before > now) return undefined
  const level = acr === 'aal2' ? 'aal2' : 'aal1' // a token of before has none
  return { session: { id: sid, user_id, auth_time, expires_at, roles, acr: level }, not_before }
}

/** The session of a token of the old application, until then. It has no row. */
function legacySessionOf(payload: Record<string, unknown>, until: number, now: number): Verified | undefined {
  if (!hasLegacyClaims(payload) || until <= now || payload.exp <= now) return undefined
  const expires_at = Math.min(Math.floor(payload.exp), until)
  return {
    session: { id: LEGACY_SESSION, user_id: payload.user_id, auth_time: 0, expires_at, roles: [], acr: 'aal1' },
    not_before: 0,
  }
}

/** Plain comparisons, because a schema takes ten times as long for a token seen for the first time. */
function hasOurClaims(payload: Record<string, unknown>): payload is Claims {
  const { user_id, sub, sid, jti, iat, exp, nbf, iss, aud, auth_time, roles, acr } = payload
  return (
    isUserId(user_id) &&
    isText(sub) &&
    isText(sid) &&
    sid !== '' &&
    isText(jti) &&
    jti !== '' &&
    isTime(iat) &&
    isTime(exp) &&
    (nbf === undefined || isTime(nbf)) &&
    isText(iss) &&
    (aud === undefined || isText(aud) || isTexts(aud)) &&
    isTime(auth_time) &&
    (roles === undefined || isTexts(roles)) &&
    (acr === undefined || isText(acr))
  )
}

/** Exactly the claims that the Flask tutorial signs. Python's `time.time()` gives an `exp` with a fraction. */
const hasLegacyClaims = (payload: Record<string, unknown>): payload is { user_id: number; exp: number } =>
  isUserId(payload['user_id']) && Number.isFinite(payload['exp']) && Object.keys(payload).length === 2

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
const isText = (value: unknown): value is string => typeof value === 'string'
const isTexts = (value: unknown): value is string[] => Array.isArray(value) && value.every(isText)

/** Whole seconds. */
const isTime = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0
const isUserId = (value: unknown): value is number => isTime(value) && value > 0
