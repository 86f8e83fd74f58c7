import type { Call } from '../../core/call.ts'
import type { Proof, Single } from '../../core/proof.ts'
import type { Session } from '../../core/sessions/session.ts'
import type { Ticket } from '../../core/ticket.ts'
import type { CountedUser } from '../../core/users/users.ts'
import { CODE } from '../../core/users/ways.ts'
import { proven } from '../../core/users/verification.ts'
import { guess } from '../../doorkeeper/rpc.ts'
import { canonicalEmail } from '../../lib/email.ts'
import { type Sql, sql } from '../../lib/sql.ts'
import { Problem } from '../../problem.ts'
import { prove } from '../../signing-in/prove.ts'
import { wrongCode } from '../../signing-in/wrong-code.ts'
import { addressIn, codeHash, readCode } from './code.ts'
import { mayRegister } from './is-on.ts'
import { confirmOwner, registerOwner } from './owner.ts'
import { findOwner, type Guessed, takeGuess, voidCodes } from './queries.ts'

/** `session`: the user is signed in already, and the code must be theirs. */
type Shown = { code: string; ticket: Ticket; session?: Session; spends?: readonly Single[] }

/**
 * Proves that a person reads the mailbox of an account: they know the code that was mailed for this ticket. The doorkeeper
 * counts the guess before the database is asked. An address without an account is treated in the same way, in bytes and in
 * time.
 * @throws Problem 401 `invalid_code`, 401 `invalid_ticket`, 429 `too_many_attempts`, 503 `unavailable`
 */
export async function proveCode(call: Call, { code: typed, ticket, session, spends = [] }: Shown): Promise<Proof> {
  const { settings } = call
  const { id, device_token } = ticket
  const address = await addressIn(settings, ticket)
  const code = readCode(typed)
  if (code === undefined) throw new Problem('invalid_code')
  const hash = await codeHash(settings, id, code)
  const who = session && { user_id: session.user_id, session_id: session.id }
  let guessed: Guessed | undefined
  const isRight = await guess(call, { method: CODE, email: address, device_token, ...(who && { who }) }, async () => {
    const one = (guessed = await takeGuess(call, { id, hash, owner: session?.user_id }))
    if (!one) throw new Problem('invalid_ticket')
    return one.user !== undefined || (one.registers && mayRegister(settings))
  })
  const { user, user_id } = guessed!
  if (!isRight) throw await wrongCode(call, user_id)
  const owner = user?.email_verified ? user : await newOwner(call, { id, email: canonicalEmail(address), user })
  const alongside = (mine: Sql) => [
    voidCodes(mine),
    sql`UPDATE users SET ${proven} WHERE ${mine} AND proven_email IS NOT canonical_email`,
  ]
  return prove(call, { user: owner, methods: [CODE], session, spends, alongside })
}

type New = { id: string; email: string; user: CountedUser | undefined }

/** The user whom the code makes the owner of the account. @throws Problem 401 `invalid_ticket` if it is somebody else's */
async function newOwner(call: Call, { id, email, user }: New): Promise<CountedUser> {
  await (user ? confirmOwner : registerOwner)(call, { id, email })
  const owner = await findOwner(call, id)
  if (!owner) throw new Problem('invalid_ticket')
  return owner
}
