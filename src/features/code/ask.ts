import * as v from 'valibot'
import type { Begun, Call } from '../../core/call.ts'
import { batch } from '../../core/d1.ts'
import { auditRow } from '../../core/events/audit.ts'
import { mailRow, requireLinks } from '../../core/mail/outbox.ts'
import { emailAddress } from '../../core/passwords/credentials.ts'
import type { Proof } from '../../core/proof.ts'
import { newTicket, nextTicket, type Ticket, writeTicket } from '../../core/ticket.ts'
import { isKept } from '../../core/users/undo.ts'
import { needOf } from '../../core/users/second-factor.ts'
import { hasEmail } from '../../core/users/users.ts'
import { admitMail } from '../../doorkeeper/rpc.ts'
import { withPaddedTime } from '../../http/padded-time.ts'
import { canonicalEmail } from '../../lib/email.ts'
import { type Sql, sql } from '../../lib/sql.ts'
import { Problem } from '../../problem.ts'
import { proofOf } from '../../signing-in/prove.ts'
import { addressIn, codeHash, linkToken, newCode, sealAddress, spelled } from './code.ts'
import { mayRegister } from './is-on.ts'
import { mails } from './mails.ts'

/** The kind of ticket that a code belongs to. */
export const CODE_TICKET = 'code'

/** The most codes of one address that work at the same time. The next one makes the oldest void. */
const MOST_LIVE = 3

export type Asked = { email?: string | undefined; device_token?: string | undefined }

/**
 * Mails a code, and returns the ticket that it works with: for an address, or for the user of an earlier step. For an
 * address, the response and its time are the same whether it has an account or not, is disabled, or has had its mails of
 * the day.
 * @throws Problem 404 `not_found` where `LOGIN_CODES` is `off`, 401 `invalid_ticket`, 503 `not_ready` or `unavailable`
 */
export const askForCode = (call: Call, asked: Asked, before?: Ticket): Promise<Begun> =>
  withPaddedTime(mailCode(call, asked, before))

async function mailCode(call: Call, { email, device_token }: Asked, before: Ticket | undefined): Promise<Begun> {
  const { settings } = call
  const proof = before?.user ? await proofOf(call, before) : undefined
  if (settings.LOGIN_CODES === 'off' && !enrols(call, proof)) throw new Problem('not_found')
  requireLinks(settings)
  const address = proof?.user.email ?? (before ? await addressIn(settings, before) : email!)
  const begun = proof ? nextTicket(before!) : newTicket(call, { device_token: device_token ?? before?.device_token })
  const ticket: Ticket = { ...begun, data: await sealAddress(settings, begun.id, address) }
  const text = await writeTicket(call, CODE_TICKET, ticket)
  const asker = { origin: call.origin, device_token: ticket.device_token, proven: proof !== undefined }
  const isAdmitted = await admitMail(call, address, asker)
  const users = sql`${proof?.holds ?? hasEmail(address)} AND disabled_at IS NULL`
  await batch(call.env.DB, await statementsOf(call, { ticket, address, users, isAdmitted }))
  return { ticket: text, expires_in: ticket.until - call.now }
}

/** Whether a second factor is enrolled next. That takes a code, even where codes do not sign in. */
const enrols = (call: Call, proof: Proof | undefined): boolean =>
  proof !== undefined && needOf(call, proof.user, proof.methods)?.code === 'second_factor_enrolment_required'

type Request = { ticket: Ticket; address: string; users: Sql; isAdmitted: boolean }

/** The same statements for every address. Without a mail there is a row, too, but no code is right. */
async function statementsOf(call: Call, { ticket: { id, until }, address, users, isAdmitted }: Request) {
  const { settings } = call
  const code = newCode()
  const hash = isAdmitted ? await codeHash(settings, id, code) : null
  const token = `${spelled(code)} ${await linkToken(settings, { id, code, until })}`
  const email = canonicalEmail(address)
  const [user_id, epoch] = [sql`(SELECT id FROM users WHERE ${users})`, sql`(SELECT epoch FROM users WHERE ${users})`]
  const isUnknown = sql`NOT EXISTS (SELECT 1 FROM users WHERE ${hasEmail(address)}) AND NOT ${isKept(call, email)}`
  const registers = mayRegister(settings) && v.is(emailAddress, address) ? isUnknown : sql`FALSE`
  const nobody = sql`(SELECT NULL AS id, ${email} AS email, NULL AS language)`
  const mailed = [
    await mailRow(call, mails.code, users, { token }),
    await mailRow(call, mails.codeToRegister, registers, { token, from: nobody }),
  ]
  return [
    sql`DELETE FROM login_codes WHERE email = ${email} AND (hash IS NULL) = ${isAdmitted ? 0 : 1} AND id NOT IN (
      SELECT id FROM login_codes WHERE email = ${email} AND (hash IS NULL) = ${isAdmitted ? 0 : 1}
      ORDER BY rowid DESC LIMIT ${MOST_LIVE - 1})`,
    sql`INSERT INTO login_codes (id, email, user_id, epoch, hash, until)
      SELECT ${id}, ${email}, ${user_id}, coalesce(${epoch}, iif(${registers}, 0, NULL)), ${hash}, ${until}`,
    ...(isAdmitted ? mailed : []),
    auditRow(call, { event: 'login_code_requested', reason: isAdmitted ? null : 'mail_limit', user_id }),
  ]
}
