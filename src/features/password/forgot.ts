import type { Call } from '../../core/call.ts'
import { auditRow } from '../../core/events/audit.ts'
import { batch } from '../../core/d1.ts'
import { issueOneTime, newOneTimeToken } from '../../core/users/one-time.ts'
import { mailRow, requireLinks } from '../../core/mail/outbox.ts'
import { hasEmail } from '../../core/users/users.ts'
import { admitMail } from '../../doorkeeper/rpc.ts'
import { withPaddedTime } from '../../http/padded-time.ts'
import { sql } from '../../lib/sql.ts'
import { mails } from './mails.ts'

/**
 * Mails a link that sets a new password, if the address has an account. The response time does not show whether it has.
 * @throws Problem 503 `unavailable`
 */
export const forgot = (call: Call, email: string): Promise<void> => withPaddedTime(mailLink(call, email))

async function mailLink(call: Call, email: string): Promise<void> {
  requireLinks(call.settings)
  const admitted = await admitMail(call, email)
  const { token, hash } = await newOneTimeToken()
  const users = sql`${hasEmail(email)} AND disabled_at IS NULL`
  const user_id = sql`(SELECT id FROM users WHERE ${users})`
  const reason = admitted ? null : 'mail_limit'
  await batch(call.env.DB, [
    ...(admitted ? [issueOneTime(call, 'reset', hash, users), await mailRow(call, mails.reset, users, { token })] : []),
    auditRow(call, { event: 'password_reset_requested', reason, user_id }),
  ])
}
