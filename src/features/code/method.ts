import * as v from 'valibot'
import type { Call, Method, Whose } from '../../core/call.ts'
import type { Proof } from '../../core/proof.ts'
import type { Session } from '../../core/sessions/session.ts'
import { readTicket, singlesOf, type Ticket } from '../../core/ticket.ts'
import { findUser } from '../../core/users/users.ts'
import { CODE } from '../../core/users/ways.ts'
import { canonicalEmail } from '../../lib/email.ts'
import { sql } from '../../lib/sql.ts'
import { Problem } from '../../problem.ts'
import { askForCode, CODE_TICKET } from './ask.ts'
import { addressIn } from './code.ts'
import { verification } from './input.ts'
import { isOn } from './is-on.ts'
import { proveCode } from './prove.ts'

type Input = v.InferOutput<typeof verification>

/** A code that is mailed: it shows that a person reads the mailbox of the account. Every account has one. */
export const code = {
  name: CODE,
  kind: 'vouched',
  begins: sql`1`,
  isOn,
  amr: [],
  ways: sql`1`,
  begin: askForCode,
  show: (call: Call, input: Pick<Input, 'code'>, ticket?: Ticket) => proveCode(call, { ...input, ticket: ticket! }),
  confirm: (call: Call, whose: Whose, input: unknown) =>
    'session' in whose.by && v.is(verification, input) ? confirmCode(call, whose.by.session, input) : undefined,
} satisfies Method

/** Only for a ticket that was issued for the address of the signed-in user. */
async function confirmCode(call: Call, session: Session, input: Input): Promise<Proof> {
  const ticket = await readTicket(call, CODE_TICKET, input.ticket)
  const user = await findUser(call.env.DB, sql`id = ${session.user_id}`)
  const isOwn = user && canonicalEmail(user.email) === canonicalEmail(await addressIn(call.settings, ticket))
  if (!isOwn) throw new Problem('invalid_ticket')
  return proveCode(call, { code: input.code, ticket, session, spends: singlesOf(ticket) })
}
