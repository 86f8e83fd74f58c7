import type { Call } from '../../core/call.ts'
import { auditRow } from '../../core/events/audit.ts'
import { mailRow, requireLinks } from '../../core/mail/outbox.ts'
import { commit, endAll } from '../../core/sessions/sessions.ts'
import { issueOneTime, newOneTimeToken, voidOneTime } from '../../core/users/one-time.ts'
import { sql } from '../../lib/sql.ts'
import { Problem } from '../../problem.ts'
import { mails } from './mails.ts'

/**
 * Voids a password that may be known to others, ends every session, voids every mailed link, and mails a new link that
 * sets another password. A disabled user gets no mail; once enabled, they can request one like anyone who forgot a
 * password.
 * @throws Problem 404 `not_found`, 503 `not_ready` without `PUBLIC_URL`, 503 `unavailable`
 */
export async function forceReset(call: Call, id: number): Promise<void> {
  requireLinks(call.settings)
  const { token, hash } = await newOneTimeToken()
  const recipient = sql`id = ${id} AND disabled_at IS NULL`
  const [changed] = await commit(call.env.DB, [
    sql`UPDATE users SET hashed_password = NULL, password_set_at = ${call.now} WHERE id = ${id} RETURNING id`,
    ...endAll(call, id),
    auditRow(call, { event: 'reset_forced', user_id: id }, sql`EXISTS (SELECT 1 FROM users WHERE id = ${id})`),
    voidOneTime(id),
    issueOneTime(call, 'reset', hash, recipient),
    await mailRow(call, mails.resetForced, recipient, { token }),
  ])
  if (changed?.length !== 1) throw new Problem('not_found')
}
