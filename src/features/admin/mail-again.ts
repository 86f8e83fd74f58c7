import type { Call } from '../../core/call.ts'
import { batch } from '../../core/d1.ts'
import { auditRow } from '../../core/events/audit.ts'
import { requireLinks } from '../../core/mail/outbox.ts'
import { verificationMail } from '../../core/users/verification.ts'
import { sql } from '../../lib/sql.ts'
import { few, requireFew } from './few.ts'
import { type Acting, reach, reached, requireReached } from './reach.ts'

/**
 * Mails the link that confirms an address again, with a new link. Nothing is mailed to a user whose address is confirmed,
 * or who is disabled.
 * @throws Problem 404 `not_found`, 403 `insufficient_role`, 429 `too_many_attempts`, 503 `not_ready` without `PUBLIC_URL`,
 * 503 `unavailable`
 */
export async function mailAgain(call: Acting<Call>, id: number): Promise<void> {
  requireLinks(call.settings)
  const isFew = few(call, 'verification_requested', id)
  const users = sql`id = ${id} AND ${isFew} AND ${reach(call)}`
  const waits = sql`EXISTS (SELECT 1 FROM users WHERE ${users} AND email_verified = 0 AND disabled_at IS NULL)`
  const [found, counted] = await batch(call.env.DB, [
    reached(call, id),
    sql`SELECT ${isFew} AS few`,
    ...(await verificationMail(call, users)),
    auditRow(call, { event: 'verification_requested', user_id: id }, waits),
  ])
  requireReached(found)
  requireFew(counted)
}
