import type { Call } from '../core/call.ts'
import type { Proof } from '../core/proof.ts'
import type { Ticket } from '../core/ticket.ts'
import { needOf } from '../core/users/second-factor.ts'
import { Problem } from '../problem.ts'
import { ticketIn } from './finish.ts'
import { proofOf } from './prove.ts'

/**
 * What the holder of a ticket has proven, if a second factor may be enrolled with it: the settings demand one, the account
 * has none, a mailed code was shown in this sign-in, and a factor of this method completes it. Without the code, whoever
 * knows the password could enrol a factor of their own.
 * @throws Problem 401 `invalid_ticket`, 503 `unavailable`
 */
export async function enrolling(call: Call, text: string, method: string): Promise<Enrolling> {
  const ticket = (await ticketIn(call, text))!
  const proof = await proofOf(call, ticket)
  const need = needOf(call, proof.user, proof.methods)
  if (need?.code !== 'second_factor_enrolment_required' || !need.methods.includes(method)) {
    throw new Problem('invalid_ticket')
  }
  return { proof, ticket }
}

type Enrolling = { proof: Proof; ticket: Ticket }
