import type { Call, Method } from '../core/call.ts'
import { commit, type Former, newSession, startSession } from '../core/sessions/sessions.ts'
import { keepLanguage } from '../core/users/language.ts'
import { type Need, needOf } from '../core/users/second-factor.ts'
import type { Proof } from '../core/proof.ts'
import { newTicket, nextTicket, readTicket, singlesOf, type Ticket, writeTicket } from '../core/ticket.ts'
import { vouchedIp } from '../core/origin.ts'
import type { Sql } from '../lib/sql.ts'
import { rememberNetwork } from '../doorkeeper/load.ts'
import { Problem } from '../problem.ts'
import { meetDevice, newDeviceMail } from './new-device.ts'
import { combine, proofOf } from './prove.ts'
import { rest } from './rest.ts'
import { type TokenAnswer, tokenAnswer } from './tokens.ts'

/** The result of a sign-in: the tokens, and the device token for the next one. */
export type SignedIn = TokenAnswer & { device_token?: string }

/**
 * `ticket`: the ticket of the previous step. `instead`: the former session of this browser, which ends. `also`: statements
 * that are written together with the session, given the condition that finds the user's row.
 */
type Step<Input> = {
  input: Input
  ticket?: Ticket | undefined
  instead?: Former | undefined
  also?: (mine: Sql) => Sql[] | Promise<Sql[]>
}

/** The kind of ticket that leads from one step of a sign-in to the next. */
const LOGIN = 'login'

/** The ticket in a body, if there is one. @throws Problem 401 `invalid_ticket` */
export const ticketIn = async (call: Call, text: string | undefined): Promise<Ticket | undefined> =>
  text === undefined ? undefined : readTicket(call, LOGIN, text)

/**
 * One step of a sign-in, with any method: verifies the input, combines it with what the ticket already proves, and
 * finishes or asks for more.
 * @throws Problem whatever the method and `finish` throw
 */
export async function signIn<M extends Method>(
  call: Call,
  method: M,
  { input, ticket, instead }: Step<Parameters<M['show']>[1]>,
): Promise<SignedIn> {
  const before = ticket?.user ? await proofOf(call, ticket) : undefined
  const shown = await method.show(call, input, ticket)
  const spends = [...shown.spends, ...(ticket ? singlesOf(ticket) : [])]
  return finish(call, before ? combine(before, shown) : { ...shown, spends }, { ticket, instead })
}

/**
 * Ends a sign-in: writes the session, and only then signs tokens. If the account requires another factor, no session is
 * written, and neither the device nor the network is remembered.
 * @throws Problem 403 `second_factor_required` or `second_factor_enrolment_required` with a ticket, 503 `not_ready` if
 * `LATCHKEY_SECRET` is missing for it, and whatever `rest` throws
 */
export async function finish(
  call: Call,
  proof: Proof,
  { ticket, instead, also = () => [] }: Omit<Step<never>, 'input'> = {},
): Promise<SignedIn> {
  const { user, methods } = proof
  const need = needOf(call, user, methods)
  if (need) throw await askForMore(call, proof, need, ticket)
  const grant = newSession(call, user, methods)
  await rest(call, proof, async (mine) => [
    ...startSession(call, grant, { mine, instead }),
    ...keepLanguage(call.origin, mine),
    ...(proof.new_device ? await newDeviceMail(call, mine) : []),
    ...(await also(mine)),
  ])
  rememberNetwork(vouchedIp(call.origin))
  const shown = { user, device_token: ticket?.device_token ?? proof.device_shown }
  const { device_token } = await meetDevice(call, { ...shown, proof, session_id: grant.id })
  return { ...(await tokenAnswer(call, grant)), ...(device_token !== undefined && { device_token }) }
}

/**
 * The statements that belong to the steps so far are written now, because the next step starts from the ticket alone.
 */
async function askForMore(call: Call, proof: Proof, need: Need, before: Ticket | undefined): Promise<Problem> {
  const { user, methods, at, alongside, holds, spends, device_shown: device_token } = proof
  const shown = { user: { id: user.id, epoch: user.epoch }, methods: [...methods], at, spends: [...spends] }
  const ticket = before ? nextTicket(before, shown) : newTicket(call, { ...shown, device_token })
  const text = await writeTicket(call, LOGIN, ticket)
  const kept = await alongside(holds)
  if (kept.length > 0) await commit(call.env.DB, kept)
  return new Problem(need.code, {
    members: { ticket: text, methods: need.methods, expires_in: ticket.until - call.now },
  })
}
