import type { Call } from '../../core/call.ts'
import { refreshSession } from '../../core/sessions/rotation.ts'
import { type Grant, isOwn } from '../../core/sessions/sessions.ts'
import { Problem } from '../../problem.ts'
import { mails } from './mails.ts'

/**
 * Exchanges a refresh token of this service itself for the next generation. One of a client opens nothing here.
 * @throws Problem 401 `invalid_refresh_token`, 503 `unavailable`
 */
export async function refresh(call: Call, token: string): Promise<Grant> {
  const session = await refreshSession(call, token, { whose: isOwn, notice: mails.sessionReplayed })
  if (!session) throw new Problem('invalid_refresh_token')
  return session
}
