import type { Call } from '../core/call.ts'
import { refreshToken } from '../core/sessions/refresh-tokens.ts'
import type { Grant } from '../core/sessions/sessions.ts'
import { accessToken } from '../core/tokens/tokens.ts'
import { acrOf } from '../core/users/ways.ts'

/** RFC 6749 section 5.1. `expires_in` is in seconds. */
export type TokenAnswer = { access_token: string; token_type: 'Bearer'; expires_in: number; refresh_token: string }

/** The tokens of a session whose row is written: a new access token, and the refresh token of its generation. */
export async function tokenAnswer({ settings, now, registry }: Call, grant: Grant): Promise<TokenAnswer> {
  const names = Object.keys(grant.shown)
  const acr = acrOf(names, registry.methods)
  const amr = registry.methods.filter(({ name }) => names.includes(name)).flatMap((method) => method.amr)
  const claims = { ...grant, acr, amr: acr === 'aal2' ? [...amr, 'mfa'] : amr }
  const { token, expires_at } = await accessToken(claims, settings, now)
  const name = { session_id: grant.id, generation: grant.generation }
  const refresh_token = await refreshToken(name, settings)
  return { access_token: token, token_type: 'Bearer', expires_in: expires_at - now, refresh_token }
}
