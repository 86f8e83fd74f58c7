import { network } from '../../lib/network.ts'
import { type Sql, sql } from '../../lib/sql.ts'
import type { Call } from '../call.ts'
import { auditRow } from '../events/audit.ts'
import type { Mail } from '../mail/compose.ts'
import { loginPage } from '../users/factor-mails.ts'
import { mailRow } from '../mail/outbox.ts'
import { commit, type Grant, isUnrevoked, revokeSessions, shownIn, standing, tokensUntil } from './sessions.ts'

/** A session after an attempt to move it to its next generation, with what a client may be told. */
export type RefreshedSession = Grant & {
  refreshed_at: number
  ip: string | null
  user_agent: string | null
  scope: string | null
  resource: string | null
  email: string
  email_verified: number
  name: string | null
}

export type RefreshedRow = Omit<RefreshedSession, 'shown' | 'roles'> & { shown: string; roles: string }

/**
 * Seconds. A token that lost a race by less than this arrived together with the winner, so it is not a replay, however
 * short the grace period is.
 */
export const RACE_SECONDS = 5

/** Never earlier than before: tokens issued before a setting was shortened may still be in use. */
export const laterTokens = (call: Call): Sql => sql`min(expires_at, max(tokens_until, ${tokensUntil(call)}))`

/**
 * Selects a session that may be refreshed. `whose`: which sessions it may be. A token signed without a write must not outlive
 * the memory of its revocation, even if ACCESS_TOKEN_TTL_SECONDS has been lengthened.
 */
export const refreshable = (call: Call, session_id: string, whose: Sql): Sql =>
  sql`SELECT sessions.id, user_id, auth_time, min(expires_at, tokens_until) AS expires_at, generation,
      refreshed_at, ip, user_agent, roles, shown, scope, resource, email, email_verified, name
    FROM sessions JOIN users ON users.id = user_id
    WHERE sessions.id = ${session_id} AND ${whose} AND ${standing(call)} AND disabled_at IS NULL`

export const refreshedFrom = (row: RefreshedRow): RefreshedSession => ({
  ...row,
  roles: JSON.parse(row.roles) as string[],
  shown: shownIn(row),
})

/** The notice of a replay. The feature `session` lists it. */
export const sessionReplayed = {
  kind: 'session_replayed',
  words: {
    en: {
      subject: 'We signed a device out',
      lines: [
        'A key of one of your sessions at {app} was used a second time, from another device or network. It may have been copied, so that session was ended.',
        'Sign in again. If you see something strange, change your password.',
      ],
    },
    ko: {
      subject: '기기 한 대에서 로그아웃했습니다',
      lines: [
        '{app} 계정에 로그인한 기기의 인증 정보가 다른 기기나 네트워크에서 다시 사용되었습니다. 인증 정보가 복제되었을 수 있어 해당 기기에서 로그아웃했습니다.',
        '다시 로그인해 주세요. 평소와 다른 점이 있으면 비밀번호를 변경해 주세요.',
      ],
    },
  },
  details: true,
  link: loginPage,
} as const satisfies Mail

/**
 * Ends a session of which a replaced token was shown again (RFC 9700 section 4.14.2). The owner gets the
 * notice, if any, if it came from another device or network.
 * @throws Problem 503 `unavailable`
 */
export async function endReplayed(call: Call, session: RefreshedSession, notice?: Mail): Promise<void> {
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
