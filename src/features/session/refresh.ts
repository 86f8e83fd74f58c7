import { type Config, config } from '../../config.ts'
import { auditRow, type Client } from '../../core/audit.ts'
import { mailRow } from '../../core/outbox.ts'
import { Problem } from '../../core/problem.ts'
import { type RefreshName, readRefreshToken } from '../../core/refresh-tokens.ts'
import { commit, type Grant, isUnrevoked, revokeSessions } from '../../core/sessions.ts'
import { network } from '../../lib/network.ts'
import { sql } from '../../lib/sql.ts'
import { type RefreshedSession, rotate } from './queries.ts'

/**
 * Seconds. Where the grace is shorter than this, the twin that lost a race is refused and nothing else happens: it arrived
 * with its winner, so it is no replay.
 */
const RACE_SECONDS = 5

/**
 * The grant of the generation that a refresh token leads to. The first to show the current token rotates it, unless that
 * was done within the grace; who shows the current or the just-replaced one within the grace gets the current one. A
 * replay after that ends the session, for the thief and for the owner (RFC 9700 section 4.14.2).
 * @throws Problem 401 `invalid_refresh_token`, 503 `unavailable`
 */
export async function refresh(env: Env, token: string, client: Client, now: number): Promise<Grant> {
  const settings = config(env)
  const shown = await readRefreshToken(token, settings)
  const session = shown && (await rotate(env.DB, settings, shown, now))
  if (!session) throw new Problem('invalid_refresh_token')
  const verdict = judge(shown, session, settings.REFRESH_GRACE_SECONDS, now)
  if (verdict === 'replayed') await endReplayed(env, settings, session, client, now)
  if (verdict !== 'granted') throw new Problem('invalid_refresh_token')
  return session
}

/** What a shown token deserves, given the session's row after the attempt to rotate. */
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

async function endReplayed(
  env: Env,
  settings: Config,
  session: RefreshedSession,
  client: Client,
  now: number,
): Promise<void> {
  const { id: session_id, user_id } = session
  const own = sql`id = ${session_id}`
  // Of a hundred replays at once, the one that ends the session is written down and mailed.
  const stands = isUnrevoked(own)
  const audit = auditRow({ event: 'refresh_token_replayed', user_id, session_id }, client, now, stands)
  const elsewhere = client.user_agent !== session.user_agent || network(client.ip) !== network(session.ip)
  const mail = { kind: 'session_replayed', language: client.language, now } as const
  const mails = elsewhere ? [await mailRow(settings, mail, sql`id = ${user_id} AND ${stands}`)] : []
  await commit(env.DB, [audit, ...mails, revokeSessions(own, now)])
}
