import { type Sql, sql } from '../../lib/sql.ts'
import type { Call } from '../call.ts'
import { batch } from '../d1.ts'
import type { Mail } from '../mail/compose.ts'
import { type RefreshName, readRefreshToken } from './refresh-tokens.ts'
import {
  endReplayed,
  laterTokens,
  RACE_SECONDS,
  refreshable,
  type RefreshedRow,
  type RefreshedSession,
  refreshedFrom,
} from './refreshed.ts'
import { standing } from './sessions.ts'

/** A session after one of its refresh tokens was used. */
type Rotated = RefreshedSession & { rotated: boolean }

/** `whose`: which sessions the token may belong to. `notice`: the mail to the user whose token was replayed elsewhere. */
type Refreshing = { whose: Sql; notice?: Mail }

/**
 * Exchanges a refresh token for the next generation. The first use of the current token rotates it, unless it was
 * rotated within the grace period. Within the grace period, the current token and the one just replaced both return the
 * current generation. Any later reuse ends the session, for the thief and for the owner (RFC 9700 section 4.14.2).
 * Returns undefined where the token is not valid.
 * @throws Problem 503 `unavailable`
 */
export async function refreshSession(
  call: Call,
  token: string,
  { whose, notice }: Refreshing,
): Promise<RefreshedSession | undefined> {
  const { settings, now } = call
  const shown = await readRefreshToken(token, settings)
  const session = shown && (await rotate(call, shown, whose))
  if (!session) return undefined
  const verdict = judge(shown, session, settings.REFRESH_GRACE_SECONDS, now)
  if (verdict === 'replayed') await endReplayed(call, session, notice)
  return verdict === 'granted' ? session : undefined
}

/**
 * Moves a session to the generation after the one in the token. This happens if the token's generation is the current
 * one and was not created within the grace period, or if a restored database does not know it yet. If the grace period
 * was lengthened and now outlasts the tokens, the session is moved within it too; for the token that was just replaced,
 * only the lifetime of its tokens is extended. Returns the session as it is afterwards.
 */
async function rotate(call: Call, { session_id, generation }: RefreshName, whose: Sql): Promise<Rotated | undefined> {
  const { now, settings } = call
  const graced = sql`refreshed_at > ${now - settings.REFRESH_GRACE_SECONDS}`
  const over = sql`tokens_until <= ${now}`
  const rotation = sql`UPDATE sessions
    SET generation = ${generation + 1}, tokens_until = ${laterTokens(call)},
      refreshed_at = iif(generation = ${generation + 1}, refreshed_at, ${now})
    WHERE id = ${session_id} AND ${whose} AND ${standing(call)}
      AND (generation < ${generation} OR generation = ${generation} AND (generation = 0 OR NOT ${graced} OR ${over})
        OR generation = ${generation + 1} AND ${graced} AND ${over})
    RETURNING id`
  const [rotated, rows] = await batch<RefreshedRow>(call.env.DB, [rotation, refreshable(call, session_id, whose)])
  const row = rows?.[0]
  return row && { ...refreshedFrom(row), rotated: rotated?.length === 1 }
}

/** The verdict on a refresh token, given the session's row after the attempt to rotate. */
export function judge(
  shown: RefreshName,
  session: Pick<Rotated, 'rotated' | 'generation' | 'refreshed_at'>,
  graceSeconds: number,
  now: number,
): 'granted' | 'late' | 'replayed' {
  const age = now - session.refreshed_at
  const behind = session.generation - shown.generation
  if (session.rotated || behind <= 0 || (behind === 1 && age < graceSeconds)) return 'granted'
  return behind === 1 && age < RACE_SECONDS ? 'late' : 'replayed'
}
