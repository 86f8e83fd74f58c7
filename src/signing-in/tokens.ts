import type { Call } from '../core/call.ts'
import { refreshToken } from '../core/sessions/refresh-tokens.ts'
import type { Grant } from '../core/sessions/sessions.ts'
import { issueToken } from '../core/tokens/issue.ts'

/** RFC 6749 section 5.1. `expires_in` is in seconds. */
export type TokenAnswer = { access_token: string; token_type: 'Bearer'; expires_in: number; refresh_token: string }

/** The tokens of a session whose row is written: a new access token, and the refresh token of its generation. */
export async function tokenAnswer(call: Call, grant: Grant): Promise<TokenAnswer> {
  const { token, expires_at } = await issueToken(call, grant)
  const name = { session_id: grant.id, generation: grant.generation }
  const refresh_token = await refreshToken(name, call.settings)
  return { access_token: token, token_type: 'Bearer', expires_in: expires_at - call.now, refresh_token }
}
