import { config } from '../../config.ts'
import { auditRow, type Client } from '../../core/audit.ts'
import { batch } from '../../core/d1.ts'
import { verificationMail } from '../../core/verification.ts'
import { requireLinks } from '../../core/outbox.ts'
import { hasEmail } from '../../core/users.ts'
import { admitMail } from '../../doorkeeper/ask.ts'
import { sql } from '../../lib/sql.ts'

/** Mails the link that confirms an address once more, if it waits for that. @throws Problem 503 `unavailable` */
export async function resend(env: Env, email: string, client: Client, now: number): Promise<void> {
  const settings = config(env)
  requireLinks(settings)
  const admitted = await admitMail(env, email)
  const users = hasEmail(email)
  const event = { event: 'verification_requested', reason: admitted ? null : 'mail_limit' } as const
  await batch(env.DB, [
    ...(admitted ? await verificationMail(settings, users, client, now) : []),
    auditRow({ ...event, user_id: sql`(SELECT id FROM users WHERE ${users})` }, client, now),
  ])
}
