import type { Call } from '../../core/call.ts'
import { auditRow } from '../../core/events/audit.ts'
import { batch } from '../../core/d1.ts'
import { verificationMail } from '../../core/users/verification.ts'
import { requireLinks } from '../../core/mail/outbox.ts'
import { hasEmail } from '../../core/users/users.ts'
import { admitMail } from '../../doorkeeper/rpc.ts'
import { withPaddedTime } from '../../http/padded-time.ts'
import { sql } from '../../lib/sql.ts'

/**
 * Mails the link that confirms an address again, if the address is unconfirmed. The response time does not show whether
 * it is.
 * @throws Problem 503 `unavailable`
 */
export const resend = (call: Call, email: string): Promise<void> => withPaddedTime(mailAgain(call, email))

async function mailAgain(call: Call, email: string): Promise<void> {
  requireLinks(call.settings)
  const admitted = await admitMail(call, email)
  const users = hasEmail(email)
  const event = { event: 'verification_requested', reason: admitted ? null : 'mail_limit' } as const
  await batch(call.env.DB, [
    ...(admitted ? await verificationMail(call, users) : []),
    auditRow(call, { ...event, user_id: sql`(SELECT id FROM users WHERE ${users})` }),
  ])
}
