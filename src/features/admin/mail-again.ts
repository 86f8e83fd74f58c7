import type { Call } from '../../core/call.ts'
import { batch } from '../../core/d1.ts'
import { auditRow, countOf } from '../../core/events/audit.ts'
import { requireLinks } from '../../core/mail/outbox.ts'
import { verificationMail } from '../../core/users/verification.ts'
import { sql } from '../../lib/sql.ts'
import { Problem } from '../../problem.ts'
import { type Acting, reach, reached, requireReached } from './reach.ts'

const DAY = 86_400

/** Requests of a day for one user, of which strangers can make ten. Whoever has a stolen session floods no mailbox. */
const PER_DAY = 20

/**
 * Mails the link that confirms an address again, with a new link. Nothing is mailed to a user whose address is confirmed,
 * or who is disabled.
 * @throws Problem 404 `not_found`, 403 `insufficient_role`, 429 `too_many_attempts`, 503 `not_ready` without `PUBLIC_URL`,
 * 503 `unavailable`
 */
export async function mailAgain(call: Acting<Call>, id: number): Promise<void> {
  requireLinks(call.settings)
  const few = sql`${countOf('verification_requested', id, call.now - DAY)} < ${PER_DAY}`
  const users = sql`id = ${id} AND ${few} AND ${reach(call)}`
  const waits = sql`EXISTS (SELECT 1 FROM users WHERE ${users} AND email_verified = 0 AND disabled_at IS NULL)`
  const [found, counted] = await batch(call.env.DB, [
    reached(call, id),
    sql`SELECT ${few} AS few`,
    ...(await verificationMail(call, users)),
    auditRow(call, { event: 'verification_requested', user_id: id }, waits),
  ])
  requireReached(found)
  if (!(counted as { few: number }[])[0]!.few) {
    throw new Problem('too_many_attempts', { headers: { 'Retry-After': String(DAY) } })
  }
}
