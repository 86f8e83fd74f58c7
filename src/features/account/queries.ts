import { batch } from '../../core/d1.ts'
import { Problem } from '../../core/problem.ts'
import { knownTo } from '../../doorkeeper/ask.ts'
import { sql } from '../../lib/sql.ts'

/** Everything that is held about a person, but for hashes, and the links in mails that are not sent yet. */
export async function everythingAbout(env: Env, user_id: number): Promise<Record<string, unknown>> {
  const [users, sessions, one_time_tokens, outbox, webhook_outbox, audit_events] = await batch<{ email: string }>(
    env.DB,
    [
      sql`SELECT id AS user_id, email, email_verified, disabled_at, roles, language, password_set_at, created_at
      FROM users WHERE id = ${user_id}`,
      sql`SELECT id, created_at, auth_time, refreshed_at, expires_at, revoked_at, ip, country, user_agent
      FROM sessions WHERE user_id = ${user_id} ORDER BY created_at`,
      sql`SELECT purpose, email, expires_at FROM one_time_tokens WHERE user_id = ${user_id} ORDER BY purpose`,
      sql`SELECT kind, recipient, language, created_at, attempts, due_at
      FROM outbox WHERE user_id = ${user_id} ORDER BY created_at`,
      sql`SELECT type, session_id, at, attempts, due_at
      FROM webhook_outbox WHERE user_id = ${user_id} ORDER BY at`,
      // Where somebody else acted, it is theirs from where.
      sql`SELECT at, event, reason, session_id, iif(actor IS NULL, ip, NULL) AS ip,
        iif(actor IS NULL, country, NULL) AS country, iif(actor IS NULL, user_agent, NULL) AS user_agent, request_id
      FROM audit_events WHERE user_id = ${user_id} ORDER BY id`,
    ],
  )
  const user = users?.[0]
  if (!user) throw new Problem('not_found')
  return { user, sessions, one_time_tokens, outbox, webhook_outbox, audit_events, ...(await knownTo(env, user.email)) }
}
