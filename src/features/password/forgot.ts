import { config } from '../../config.ts'
import { auditRow, type Client } from '../../core/audit.ts'
import { batch } from '../../core/d1.ts'
import { issueOneTime, newOneTimeToken } from '../../core/one-time.ts'
import { mailRow, requireLinks } from '../../core/outbox.ts'
import { hasEmail } from '../../core/users.ts'
import { admitMail } from '../../doorkeeper/ask.ts'
import { sql } from '../../lib/sql.ts'

/** Mails a link that sets a new password, if the address has an account. @throws Problem 503 `unavailable` */
export async function forgot(env: Env, email: string, client: Client, now: number): Promise<void> {
  const settings = config(env)
  requireLinks(settings)
  const admitted = await admitMail(env, email)
  const { token, hash } = await newOneTimeToken()
  const users = sql`${hasEmail(email)} AND disabled_at IS NULL`
  const user_id = sql`(SELECT id FROM users WHERE ${users})`
  const mail = { kind: 'reset', language: client.language, now, token } as const
  const reason = admitted ? null : 'mail_limit'
  await batch(env.DB, [
    ...(admitted ? [issueOneTime('reset', hash, now, users), await mailRow(settings, mail, users)] : []),
    auditRow({ event: 'password_reset_requested', reason, user_id }, client, now),
  ])
}
