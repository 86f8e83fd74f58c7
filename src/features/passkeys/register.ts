import type { SignedInCall } from '../../core/call.ts'
import { type CountedUser, findUser } from '../../core/users/users.ts'
import { sql } from '../../lib/sql.ts'
import { Problem } from '../../problem.ts'
import { proofOfSession } from '../../signing-in/confirm.ts'
import { rest } from '../../signing-in/rest.ts'
import { addition, type New, refuseTooMany } from './add.ts'
import type { Ceremony } from './challenge.ts'
import { beginRegistration } from './options.ts'
import type { ListedPasskey } from './queries.ts'

const inSession = ({ session }: SignedInCall): Ceremony => ({ session_id: session.id })

/** The signed-in user, with what they have. @throws Problem 401 `invalid_token` if the account is gone */
export async function ownUser({ env, session, registry }: SignedInCall): Promise<CountedUser> {
  const user = await findUser(env.DB, sql`id = ${session.user_id}`, registry.methods)
  if (!user) throw new Problem('invalid_token')
  return user
}

/**
 * What a browser needs to make a passkey for the signed-in user.
 * @throws Problem 422 `invalid_body` if there are too many, 503 `not_ready` or `unavailable`
 */
export async function prepare(call: SignedInCall) {
  const user = await ownUser(call)
  refuseTooMany(user)
  return beginRegistration(call, user, inSession(call))
}

/**
 * Adds a passkey to the account of the signed-in user. What that takes, the guard of the route has checked.
 * @throws Problem 401 `invalid_credentials` if the account changed meanwhile, and as `addition`
 */
export async function register(call: SignedInCall, input: New): Promise<ListedPasskey> {
  const own = await proofOfSession(call)
  const { proof, passkey, along } = await addition(call, own, input, inSession(call))
  await rest(call, proof, along)
  return passkey
}
