import { config } from '../../config.ts'
import { auditRow, type Client } from '../../core/audit.ts'
import { refuseCommon } from '../../core/credentials.ts'
import { voidOneTime } from '../../core/one-time.ts'
import { mailRow } from '../../core/outbox.ts'
import { Problem } from '../../core/problem.ts'
import { commit, revokeSessions, type Session } from '../../core/sessions.ts'
import { confirmPassword, hashFor } from '../../doorkeeper/ask.ts'
import { sql } from '../../lib/sql.ts'

type Change = { current_password: string; new_password: string }

/**
 * Sets a new password for somebody who knows the current one, and ends their other sessions.
 * @throws Problem 401 `invalid_credentials`, 422 `invalid_body`, 503 `unavailable`
 */
export async function changePassword(
  env: Env,
  session: Session,
  { current_password, new_password }: Change,
  client: Client,
  now: number,
): Promise<void> {
  const settings = config(env)
  const { user } = await confirmPassword(env, session, current_password, client, now)
  await refuseCommon(new_password, user.email, settings, 'new_password')
  const hash = await hashFor(env, user.email, new_password)
  const changed = sql`id = ${user.id} AND hashed_password = ${hash}`
  const isChanged = sql`EXISTS (SELECT 1 FROM users WHERE ${changed})`
  const event = { event: 'password_changed', user_id: user.id, session_id: session.id } as const
  const [updated] = await commit(env.DB, [
    // Only over the hash that was just checked: of two changes at once, one wins and the other was told the old password.
    sql`UPDATE users SET hashed_password = ${hash}, password_set_at = ${now}
      WHERE id = ${user.id} AND hashed_password = ${user.hashed_password} RETURNING id`,
    revokeSessions(sql`user_id = ${user.id} AND id <> ${session.id} AND ${isChanged}`, now),
    auditRow(event, client, now, isChanged),
    await mailRow(settings, { kind: 'password_changed', language: client.language, now }, changed),
    voidOneTime(sql`(SELECT id FROM users WHERE ${changed})`),
  ])
  if (updated?.length !== 1) throw new Problem('invalid_credentials')
}
