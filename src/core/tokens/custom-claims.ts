import type { Call, ClaimsAbout } from '../call.ts'
import { withDeadline } from '../../lib/deadline.ts'
import { logError } from '../../lib/log.ts'
import { Problem } from '../../problem.ts'

/** Bytes of JSON. Tokens travel in headers, and some servers take no more than 8 kB of these. */
const MAX_BYTES = 1_024
/** Milliseconds. Nobody can sign in meanwhile. */
const DEADLINE_MS = 2_000

/** Names that mean something already, whether a token has them or not. */
const RESERVED = new Set(
  [
    'iss sub aud exp nbf iat jti', // RFC 7519 section 4.1
    'client_id scope auth_time acr amr roles groups entitlements', // RFC 9068 section 2.2
    'nonce azp at_hash c_hash s_hash sub_jwk _claim_names _claim_sources', // OpenID Connect Core sections 2, 5.6 and 7.4
    'name given_name family_name middle_name nickname preferred_username profile picture website email email_verified',
    'gender birthdate zoneinfo locale phone_number phone_number_verified address updated_at', // section 5.1
    'sid events', // Back-Channel Logout section 2.4
    'cnf act may_act', // RFC 7800, RFC 8693
    'user_id __proto__', // the tokens of this service itself
  ].flatMap((names) => names.split(' ')),
)

/** Whether any feature adds claims. */
export const hasCustomClaims = ({ registry }: Pick<Call, 'registry'>): boolean =>
  registry.features.some(({ claims }) => claims !== undefined)

/**
 * The claims that features add to the tokens of a client. Ask for them before a code or a refresh token is used up: if a
 * function fails, the client can try again with it.
 * @throws Problem `unavailable` if a function throws, takes too long, or returns a reserved name or too much. The log says
 * which, and nothing of the claims
 */
export async function customClaims({ env, registry }: Call, about: ClaimsAbout): Promise<Record<string, unknown>> {
  const all: Record<string, unknown> = {}
  for (const { name: feature, claims } of registry.features) {
    if (!claims) continue
    try {
      const given = await withDeadline(Promise.resolve(claims(env, about)), 'The function', DEADLINE_MS)
      Object.assign(all, checked(given))
      if (bytesOf(all) > MAX_BYTES) throw new Error(`The claims have more than ${MAX_BYTES} bytes`)
    } catch (cause) {
      logError('claims_refused', cause, { feature })
      throw new Problem('unavailable', { cause, headers: { 'Retry-After': '2' } })
    }
  }
  return all
}

/** The claims as they will be in the token. @throws Error */
function checked(given: unknown): Record<string, unknown> {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw new Error('The claims are not an object')
  const reserved = Object.keys(given).find((name) => RESERVED.has(name))
  if (reserved !== undefined) throw new Error(`The name ${reserved} is reserved`)
  return JSON.parse(JSON.stringify(given)) as Record<string, unknown>
}

const bytesOf = (value: unknown): number => new TextEncoder().encode(JSON.stringify(value)).length
