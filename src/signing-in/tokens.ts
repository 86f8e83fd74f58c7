import type { Call, Registry } from '../core/call.ts'
import { refreshToken } from '../core/sessions/refresh-tokens.ts'
import type { Grant, Shown } from '../core/sessions/sessions.ts'
import { accessToken } from '../core/tokens/tokens.ts'
import { type Acr, acrOf } from '../core/users/ways.ts'

/** RFC 6749 section 5.1. `expires_in` is in seconds. */
export type TokenAnswer = { access_token: string; token_type: 'Bearer'; expires_in: number; refresh_token: string }

/** The tokens of a session whose row is written: a new access token, and the refresh token of its generation. */
export async function tokenAnswer({ settings, now, registry }: Call, grant: Grant): Promise<TokenAnswer> {
  const { token, expires_at } = await accessToken({ ...grant, ...levelOf(registry, grant.shown) }, settings, now)
  const name = { session_id: grant.id, generation: grant.generation }
  const refresh_token = await refreshToken(name, settings)
  return { access_token: token, token_type: 'Bearer', expires_in: expires_at - now, refresh_token }
}

/** The level of a session, and its methods as RFC 8176 names them, given what was shown in it. */
export function levelOf({ methods }: Pick<Registry, 'methods'>, shown: Shown): { acr: Acr; amr: string[] } {
  const names = Object.keys(shown)
  const acr = acrOf(names, methods)
  const amr = methods.filter(({ name }) => names.includes(name)).flatMap((method) => method.amr)
  return { acr, amr: acr === 'aal2' ? [...amr, 'mfa'] : amr }
}
