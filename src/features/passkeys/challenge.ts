import type { Call } from '../../core/call.ts'
import type { Single } from '../../core/proof.ts'
import { newTicket, readTicket, writeTicket } from '../../core/ticket.ts'
import type { User } from '../../core/users/users.ts'
import { fromBase64url, utf8 } from '../../lib/bytes.ts'
import { Problem } from '../../problem.ts'

/** The kind of a ticket that is the challenge of a registration. */
const REGISTRATION = 'passkey registration'

/** What a registration belongs to: a session, or the sign-in in which a factor must be enrolled. */
export type Ceremony = { session_id: string } | { sign_in: string }

type Account = Pick<User, 'id' | 'epoch'>

/**
 * The challenge of a registration: a ticket that names the account, its epoch and the ceremony. So nothing has to be stored
 * or sent along, and a challenge of anybody else, of another ceremony or of before a change of the account is void.
 * @throws Problem 503 `not_ready` without `LATCHKEY_SECRET`
 */
export async function newChallenge(call: Call, { id, epoch }: Account, ceremony: Ceremony): Promise<Challenge> {
  const ticket = newTicket(call, { user: { id, epoch }, data: JSON.stringify(ceremony) })
  return { bytes: utf8(await writeTicket(call, REGISTRATION, ticket)), expires_in: ticket.until - call.now }
}

/** `expires_in`: seconds. */
type Challenge = { bytes: Uint8Array<ArrayBuffer>; expires_in: number }

/**
 * What is used up with a challenge of this ceremony that came back.
 * @throws Problem 401 `invalid_ticket` for any other one
 */
export async function readChallenge(
  call: Call,
  challenge: string,
  account: Account,
  ceremony: Ceremony,
): Promise<Single> {
  const ticket = await readTicket(call, REGISTRATION, textOf(challenge))
  const isOwn = ticket.user?.id === account.id && ticket.user.epoch === account.epoch
  if (!isOwn || ticket.data !== JSON.stringify(ceremony)) throw new Problem('invalid_ticket')
  return { id: ticket.id, until: ticket.until }
}

function textOf(challenge: string): string {
  try {
    return new TextDecoder().decode(fromBase64url(challenge))
  } catch {
    throw new Problem('invalid_ticket')
  }
}
