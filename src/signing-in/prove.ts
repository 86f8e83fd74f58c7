import type { Call } from '../core/call.ts'
import type { Proof } from '../core/proof.ts'
import { stillLive } from '../core/sessions/sessions.ts'
import { singlesOf, type Ticket } from '../core/ticket.ts'
import { findUser, stillProven } from '../core/users/users.ts'
import { sql } from '../lib/sql.ts'
import { Problem } from '../problem.ts'
import { isSpent } from './spent.ts'

type Shown = Pick<Proof, 'user' | 'methods'> & Partial<Proof>

/** A proof of what a method has just verified. A proof given in a session is void when the session ends. */
export function prove({ now }: Call, { user, session, ...shown }: Shown): Proof {
  const proven = stillProven(user)
  const holds = session ? sql`${proven} AND EXISTS (${stillLive({ session, now })})` : proven
  return { at: now, holds, spends: [], alongside: () => [], ...shown, user, session }
}

/** What the holder of a ticket has proven so far. @throws Problem 401 `invalid_ticket`, 503 `unavailable` */
export async function proofOf(call: Call, ticket: Ticket): Promise<Proof> {
  const { user: shown, methods, at } = ticket
  const spends = singlesOf(ticket)
  if (!shown) throw new Problem('invalid_ticket')
  // Nothing may be guessed with a ticket that leads nowhere. The batch of the last step asks all of this again.
  const stands = sql`id = ${shown.id} AND epoch = ${shown.epoch} AND disabled_at IS NULL AND NOT ${isSpent(spends)}`
  const user = await findUser(call.env.DB, stands, call.registry.methods)
  if (!user) throw new Problem('invalid_ticket')
  return prove(call, { user, methods, at, spends })
}

/** Combines two proofs of one user, in one epoch, by different methods. @throws Problem 401 `invalid_ticket` */
export function combine(first: Proof, second: Proof): Proof {
  const isOfOne = first.user.id === second.user.id && first.user.epoch === second.user.epoch
  if (!isOfOne || first.methods.some((method) => second.methods.includes(method))) throw new Problem('invalid_ticket')
  return {
    ...second,
    user: first.user,
    methods: [...first.methods, ...second.methods],
    at: Math.max(first.at, second.at),
    holds: sql`${first.holds} AND ${second.holds}`,
    spends: [...first.spends, ...second.spends],
    alongside: async (mine) => [...(await first.alongside(mine)), ...(await second.alongside(mine))],
  }
}
