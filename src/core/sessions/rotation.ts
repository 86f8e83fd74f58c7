import type { Call } from '../call.ts'
import { batch } from '../d1.ts'
import { auditRow } from '../events/audit.ts'
import type { Mail } from '../mail/compose.ts'
import { mailRow } from '../mail/outbox.ts'
import { network } from '../../lib/network.ts'
import { type Sql, sql } from '../../lib/sql.ts'
import { type RefreshName, readRefreshToken } from './refresh-tokens.ts'
import { commit, type Grant, isUnrevoked, revokeSessions, shownIn, standing, tokensUntil } from './sessions.ts'

/** A session after one of its refresh tokens was used, with what a client may be told. */
export type RefreshedSession = Grant & {
  rotated: boolean
  refreshed_at: number
  ip: string | null
  user_agent: string | null
  scope: string | null
  resource: string | null
  email: string
  email_verified: number
  name: string | null
}

type RefreshedRow = Omit<RefreshedSession, 'shown' | 'roles'> & { shown: string; roles: string }

/**
 * Seconds. If the grace period is shorter than this, a token that just lost a race is refused without ending the
 * session: it arrived together with the winner, so it is not a replay.
 */
const RACE_SECONDS = 5

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

/** Never earlier than before: tokens issued before a setting was shortened may still be in use. */
const laterTokens = (call: Call): Sql => sql`min(expires_at, max(tokens_until, ${tokensUntil(call)}))`

/**
 * Moves a session to the generation after the one in the token. This happens if the token's generation is the current
 * one and was not created within the grace period, or if a restored database does not know it yet. If the grace period
 * was lengthened and now outlasts the tokens, the session is moved within it too; for the token that was just replaced,
 * only the lifetime of its tokens is extended. Returns the session as it is afterwards.
 */
async function rotate(
  call: Call,
  { session_id, generation }: RefreshName,
  whose: Sql,
): Promise<RefreshedSession | undefined> {
  const { now, settings } = call
  const graced = sql`refreshed_at > ${now - settings.REFRESH_GRACE_SECONDS}`
  const over = sql`tokens_until <= ${now}`
  const mine = sql`sessions.id = ${session_id} AND ${whose} AND ${standing(call)}`
  const rotation = sql`UPDATE sessions
    SET generation = ${generation + 1}, tokens_until = ${laterTokens(call)},
      refreshed_at = iif(generation = ${generation + 1}, refreshed_at, ${now})
    WHERE ${mine}
      AND (generation < ${generation} OR generation = ${generation} AND (generation = 0 OR NOT ${graced} OR ${over})
        OR generation = ${generation + 1} AND ${graced} AND ${over})
    RETURNING id`
  // Within the grace period nothing is written. A token signed then must not outlive the memory of its revocation, even
  // if ACCESS_TOKEN_TTL_SECONDS has been lengthened.
  const state = sql`SELECT sessions.id, user_id, auth_time, min(expires_at, tokens_until) AS expires_at, generation,
      refreshed_at, ip, user_agent, roles, shown, scope, resource, email, email_verified, name
    FROM sessions JOIN users ON users.id = user_id
    WHERE ${mine} AND disabled_at IS NULL`
  const [rotated, rows] = await batch<RefreshedRow>(call.env.DB, [rotation, state])
  const row = rows?.[0]
  if (!row) return undefined
  return { ...row, roles: JSON.parse(row.roles) as string[], shown: shownIn(row), rotated: rotated?.length === 1 }
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

async function endReplayed(call: Call, session: RefreshedSession, notice: Mail | undefined): Promise<void> {
  const { env, origin } = call
  const { id: session_id, user_id } = session
  const own = sql`id = ${session_id}`
  // Of a hundred simultaneous replays, only the one that ends the session is recorded and mailed.
  const stands = isUnrevoked(own)
  const audit = auditRow(call, { event: 'refresh_token_replayed', user_id, session_id }, stands)
  const elsewhere = origin.user_agent !== session.user_agent || network(origin.ip) !== network(session.ip)
  const owner = sql`id = ${user_id} AND ${stands}`
  const mail = notice && elsewhere ? [await mailRow(call, notice, owner)] : []
  await commit(env.DB, [audit, ...mail, revokeSessions(call, own)])
}
