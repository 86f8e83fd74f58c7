import { config } from '../../config.ts'
import { auditRow, type Client } from '../../core/audit.ts'
import { Problem } from '../../core/problem.ts'
import type { Grant, Session } from '../../core/sessions.ts'
import { confirmPassword } from '../../doorkeeper/ask.ts'
import { markFresh } from './queries.ts'

/**
 * Makes a session fresh for somebody who types the password again.
 * @throws Problem 401 `invalid_credentials`, 401 `invalid_token` when the session has ended, 503 `unavailable`
 */
export async function reauthenticate(
  env: Env,
  session: Session,
  password: string,
  client: Client,
  now: number,
): Promise<Grant> {
  const { user, alongside } = await confirmPassword(env, session, password, client, now)
  const event = { event: 'reauthenticated', user_id: user.id, session_id: session.id } as const
  const row = await markFresh(env.DB, config(env), session, now, (stands) => [
    auditRow(event, client, now, stands),
    ...alongside,
  ])
  if (!row) throw new Problem('invalid_token')
  return { id: session.id, user_id: user.id, auth_time: now, roles: user.roles, ...row }
}
