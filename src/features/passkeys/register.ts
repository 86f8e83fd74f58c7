import type { SignedInCall } from '../../core/call.ts'
import { countedUser } from '../../core/users/signed-in.ts'
import { proofOfSession } from '../../signing-in/confirm.ts'
import { rest } from '../../signing-in/rest.ts'
import { addition, type New, refuseTooMany } from './add.ts'
import type { Ceremony } from './challenge.ts'
import { beginRegistration } from './options.ts'
import type { ListedPasskey } from './queries.ts'

const inSession = ({ session }: SignedInCall): Ceremony => ({ session_id: session.id })

/**
 * What a browser needs to make a passkey for the signed-in user.
 * @throws Problem 422 `invalid_body` if there are too many, 503 `not_ready` or `unavailable`
 */
export async function prepare(call: SignedInCall) {
  const user = await countedUser(call)
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
