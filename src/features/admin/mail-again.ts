import type { Call } from '../../core/call.ts'
import { batch } from '../../core/d1.ts'
import { auditRow } from '../../core/events/audit.ts'
import { requireLinks } from '../../core/mail/outbox.ts'
import { verificationMail } from '../../core/users/verification.ts'
import { sql } from '../../lib/sql.ts'
import { type Acting, reach, reached, requireReached } from './reach.ts'

/**
 * Mails the link that confirms an address again, with a new link. Nothing is mailed to a user whose address is confirmed,
 * or who is disabled. Like the other mails of an admin, it does not count toward the daily limit of an address, because
 * strangers can use that up.
 * @throws Problem 404 `not_found`, 403 `insufficient_role`, 503 `not_ready` without `PUBLIC_URL`, 503 `unavailable`
 */
export async function mailAgain(call: Acting<Call>, id: number): Promise<void> {
  requireLinks(call.settings)
  const users = sql`id = ${id} AND ${reach(call)}`
  const waits = sql`EXISTS (SELECT 1 FROM users WHERE ${users} AND email_verified = 0 AND disabled_at IS NULL)`
  const [found] = await batch(call.env.DB, [
    reached(call, id),
    ...(await verificationMail(call, users)),
    auditRow(call, { event: 'verification_requested', user_id: id }, waits),
  ])
  requireReached(found)
}
