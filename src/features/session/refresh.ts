import type { Call } from '../../core/call.ts'
import { type RefreshName, readRefreshToken } from '../../core/sessions/refresh-tokens.ts'
import { endReplayed, RACE_SECONDS, type RefreshedSession } from '../../core/sessions/refreshed.ts'
import type { Grant } from '../../core/sessions/sessions.ts'
import { Problem } from '../../problem.ts'
import { rotate } from './queries.ts'

/**
 * Exchanges a refresh token for the next generation. The first use of the current token rotates it, unless it was
 * rotated within the grace period. Within the grace period, the current token and the one just replaced both return the
 * current generation. Any later reuse ends the session, for the thief and for the owner (RFC 9700 section 4.14.2).
 * @throws Problem 401 `invalid_refresh_token`, 503 `unavailable`
 */
export async function refresh(call: Call, token: string): Promise<Grant> {
  const { settings, now } = call
  const shown = await readRefreshToken(token, settings)
  const session = shown && (await rotate(call, shown))
  if (!session) throw new Problem('invalid_refresh_token')
  const verdict = judge(shown, session, settings.REFRESH_GRACE_SECONDS, now)
  if (verdict === 'replayed') await endReplayed(call, session)
  if (verdict !== 'granted') throw new Problem('invalid_refresh_token')
  return session
}

/** The verdict on a refresh token, given the session's row after the attempt to rotate. */
export function judge(
  shown: RefreshName,
  session: Pick<RefreshedSession, 'generation' | 'refreshed_at'> & { rotated: boolean },
  graceSeconds: number,
  now: number,
): 'granted' | 'late' | 'replayed' {
  const age = now - session.refreshed_at
  const behind = session.generation - shown.generation
  if (session.rotated || behind <= 0 || (behind === 1 && age < graceSeconds)) return 'granted'
  return behind === 1 && age < RACE_SECONDS ? 'late' : 'replayed'
}
