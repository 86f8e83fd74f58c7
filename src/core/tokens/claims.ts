import type { Config } from '../../config.ts'
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

/**
 * The session of a payload, and its earliest valid time; undefined if a claim is missing, has the wrong type or is
 * invalid. The signature must have been verified before (RFC 7519 section 7.2, RFC 9068 section 4).
 */
export function sessionOf(payload: unknown, config: Config, now: number): Verified | undefined {
  if (!isObject(payload)) return undefined
  if (!hasOurClaims(payload)) return legacySessionOf(payload, config, now)
  const { user_id, sub, sid, iat, exp, nbf = 0, iss, aud, auth_time, roles = [], acr } = payload
  if (iss !== config.JWT_ISSUER || sub !== String(user_id)) return undefined
  // Either both are absent, or the token's audiences include ours. A token for another audience must be rejected (RFC
  // 7519 section 4.1.3).
  if (aud !== config.JWT_AUDIENCE && ![aud].flat().includes(config.JWT_AUDIENCE)) return undefined
  const not_before = Math.max(iat, nbf) - IAT_LEEWAY_SECONDS
  if (exp <= now || not_before > now) return undefined
  const level = acr === 'aal2' ? 'aal2' : 'aal1' // a token of before has none
  return { session: { id: sid, user_id, auth_time, expires_at: exp, roles, acr: level }, not_before }
}

/** The session of a token of the old application, until `LEGACY_TOKENS_UNTIL`. It has no row. */
function legacySessionOf(
  payload: Record<string, unknown>,
  { LEGACY_TOKENS_UNTIL = 0 }: Config,
  now: number,
): Verified | undefined {
  if (!hasLegacyClaims(payload) || LEGACY_TOKENS_UNTIL <= now || payload.exp <= now) return undefined
  const expires_at = Math.min(Math.floor(payload.exp), LEGACY_TOKENS_UNTIL)
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
