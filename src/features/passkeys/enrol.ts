import type { Call } from '../../core/call.ts'
import type { Proof } from '../../core/proof.ts'
import type { Former } from '../../core/sessions/sessions.ts'
import { newRecoveryCodes } from '../../core/users/recovery-codes.ts'
import { askForTwo, needOf } from '../../core/users/second-factor.ts'
import { USER_VERIFICATION } from '../../core/users/ways.ts'
import type { Sql } from '../../lib/sql.ts'
import { enrolling } from '../../signing-in/enrol.ts'
import { finish, type SignedIn } from '../../signing-in/finish.ts'
import { addition, type New, refusal, refuseTooMany } from './add.ts'
import { beginRegistration } from './options.ts'
import { PASSKEY } from './queries.ts'

/**
 * What a browser needs to make a passkey in a sign-in that requires one.
 * @throws Problem 401 `invalid_ticket`, 503 `not_ready` or `unavailable`
 */
export async function beginEnrolment(call: Call, text: string) {
  const { proof, ticket } = await enrolling(call, text, PASSKEY)
  refuseTooMany(proof.user)
  const verification = mustVerify(call, proof) ? 'required' : 'preferred'
  return { ticket: text, ...(await beginRegistration(call, proof.user, { sign_in: ticket.id }, verification)) }
}

/** Whether a passkey completes the sign-in only if its device verifies its user. */
const mustVerify = (call: Call, { user, methods }: Proof): boolean =>
  needOf(call, user, [...methods, PASSKEY]) !== undefined

/**
 * Adds the passkey, makes the account ask for a second factor from now on, and ends the sign-in, in one batch. `instead`: the
 * former session of this browser. Where the passkey alone makes two factors, its device must have verified its user.
 * @throws Problem 401 `invalid_ticket`, 422 `invalid_body`, and as `addition` and `finish`
 */
export async function enrol(call: Call, { ticket: text, ...input }: Enrolment, instead?: Former): Promise<Enrolled> {
  const { proof: shown, ticket } = await enrolling(call, text, PASSKEY)
  const added = await addition(call, shown, input, { sign_in: ticket.id })
  if (!added.user_verified && mustVerify(call, shown)) throw refusal('not_verified')
  const methods = [...shown.methods, PASSKEY, ...(added.user_verified ? [USER_VERIFICATION] : [])]
  const { codes, statements } = await newRecoveryCodes(call)
  const also = async (mine: Sql) => [...(await added.along(mine)), askForTwo(call, mine), ...statements(mine)]
  const signedIn = await finish(call, { ...added.proof, methods, at: call.now }, { ticket, instead, also })
  return { ...signedIn, recovery_codes: codes }
}

type Enrolment = New & { ticket: string }
type Enrolled = SignedIn & { recovery_codes: string[] }
