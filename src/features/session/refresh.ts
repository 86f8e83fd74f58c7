import type { Call } from '../../core/call.ts'
import { auditRow } from '../../core/events/audit.ts'
import { mailRow } from '../../core/mail/outbox.ts'
import { Problem } from '../../problem.ts'
import { type RefreshName, readRefreshToken } from '../../core/sessions/refresh-tokens.ts'
import { commit, type Grant, isUnrevoked, revokeSessions } from '../../core/sessions/sessions.ts'
import { network } from '../../lib/network.ts'
import { sql } from '../../lib/sql.ts'
import { type RefreshedSession, rotate } from './queries.ts'
import { mails } from './mails.ts'

/**
 * Seconds. If the grace period is shorter than this, a token that just lost a race is refused without ending the
 * session: it arrived together with the winner, so it is not a replay.
 */
const RACE_SECONDS = 5

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
  session: Pick<RefreshedSession, 'rotated' | 'generation' | 'refreshed_at'>,
  graceSeconds: number,
  now: number,
): 'granted' | 'late' | 'replayed' {
  const age = now - session.refreshed_at
  const behind = session.generation - shown.generation
  if (session.rotated || behind <= 0 || (behind === 1 && age < graceSeconds)) return 'granted'
  return behind === 1 && age < RACE_SECONDS ? 'late' : 'replayed'
}

async function endReplayed(call: Call, session: RefreshedSession): Promise<void> {
  const { env, origin } = call
  const { id: session_id, user_id } = session
  const own = sql`id = ${session_id}`
  // Of a hundred simultaneous replays, only the one that ends the session is recorded and mailed.
  const stands = isUnrevoked(own)
  const audit = auditRow(call, { event: 'refresh_token_replayed', user_id, session_id }, stands)
  const elsewhere = origin.user_agent !== session.user_agent || network(origin.ip) !== network(session.ip)
  const owner = sql`id = ${user_id} AND ${stands}`
  const notice = elsewhere ? [await mailRow(call, mails.sessionReplayed, owner)] : []
  await commit(env.DB, [audit, ...notice, revokeSessions(call, own)])
}
