import type { SignedInCall } from '../../core/call.ts'
import { auditRow, countOf } from '../../core/events/audit.ts'
import { mailRow, requireLinks } from '../../core/mail/outbox.ts'
import { issueOneTime, newOneTimeToken } from '../../core/users/one-time.ts'
import { isUnconfirmedRegistration } from '../../core/users/registrations.ts'
import { isKept } from '../../core/users/undo.ts'
import { admitMail } from '../../doorkeeper/rpc.ts'
import { sql } from '../../lib/sql.ts'
import { Problem } from '../../problem.ts'
import { confirmChange } from '../../signing-in/confirm.ts'
import type { ShownAgain } from '../../signing-in/inputs.ts'
import { rest } from '../../signing-in/rest.ts'
import { mails } from './mails.ts'

/**
 * The number of address changes that an account may request in a day. Each one sends a mail to an address that the user
 * may not own.
 */
const REQUESTS_PER_DAY = 10
const DAY_SECONDS = 86_400

/**
 * Mails a link to a new address. Nothing changes until it is opened. The old address gets a notice with a link that
 * cancels the change. If the new address belongs to another account, its owner gets a notice instead. The response, and
 * what the account then shows, are the same in both cases.
 * @throws Problem 401 `invalid_credentials`, 401 `invalid_token` when the session has ended, 429 `too_many_attempts`,
 * 503 `unavailable`
 */
export async function requestEmailChange(call: SignedInCall, { email, ...shown }: Wanted): Promise<void> {
  requireLinks(call.settings)
  const proof = await confirmChange(call, shown)
  const { id: user_id } = proof.user
  const admitted = (await admitMail(call, email)) ? sql`TRUE` : sql`FALSE` // if not: no link, but the same response
  const [link, cancel] = [await newOneTimeToken(), await newOneTimeToken()]
  const asked = countOf('email_change_requested', user_id, call.now - DAY_SECONDS)
  const event = { event: 'email_change_requested', user_id, session_id: call.session.id } as const
  const [standing] = await rest(call, proof, async (mine) => {
    const self = sql`${mine} AND ${asked} < ${REQUESTS_PER_DAY}`
    const may = sql`EXISTS (SELECT 1 FROM users WHERE ${self})`
    const owner = sql`canonical_email = ${email} AND id <> ${user_id} AND NOT ${isUnconfirmedRegistration}`
    const notified = sql`${owner} AND ${may} AND ${admitted}`
    const free = sql`${self} AND ${admitted} AND NOT EXISTS (SELECT 1 FROM users WHERE ${owner})
      AND NOT ${isKept(call, email, user_id)}`
    return [
      sql`SELECT ${asked} AS asked FROM users WHERE ${mine}`,
      // Also if the token is mailed to nobody: the export must not distinguish a free address from a taken one.
      issueOneTime(call, 'email_change', link.hash, self, sql`${email}`, cancel.hash),
      await mailRow(call, mails.emailChange, free, { token: link.token, recipient: sql`${email}` }),
      await mailRow(call, mails.emailTaken, notified),
      await mailRow(call, mails.emailChangeRequested, self, { token: cancel.token }),
      auditRow(call, event, may),
    ]
  })
  const [row] = standing as unknown as { asked: number }[]
  if (row!.asked >= REQUESTS_PER_DAY) {
    throw new Problem('too_many_attempts', { headers: { 'Retry-After': String(DAY_SECONDS) } })
  }
}

/** The new address, and the proof that the owner of the account requests it. */
type Wanted = ShownAgain & { email: string }
