import type { Call, SignedInCall, Whose } from '../core/call.ts'
import type { Proof } from '../core/proof.ts'
import { isFresh, type Session } from '../core/sessions/session.ts'
import { findUser } from '../core/users/users.ts'
import { requireFresh } from '../http/guard.ts'
import { type Sql, sql } from '../lib/sql.ts'
import { Problem } from '../problem.ts'
import { prove } from './prove.ts'

/**
 * Verifies a signed-in user again, by whichever method the input belongs to. The proof is void when the session ends.
 * @throws Problem 422 `invalid_body` without an input, 401 `invalid_credentials`, and whatever the method throws
 */
export async function confirm(call: SignedInCall, input: object, field = 'password'): Promise<Proof> {
  if (!isGiven(input)) throw new Problem('invalid_body', { errors: [{ field, code: 'required' }] })
  return confirmAs(call, { user_id: call.session.user_id, by: { session: call.session } }, input)
}

const isGiven = (input: object): boolean => Object.values(input).some((value) => value !== undefined)

/**
 * The same, before a change that a stolen session must not make. It takes the password. If the account asks for a second
 * factor, that must have been shown within the last ten minutes. An account without a password needs no input, but a recent
 * sign-in by something else; any method counts. The proof is void if the account has meanwhile got a password or a second
 * factor that nobody asked for.
 * @throws Problem 401 `fresh_login_required`, 422 `invalid_body` if the password is missing, and whatever `confirm` throws
 */
export async function confirmChange(call: SignedInCall, input: object, field = 'password'): Promise<Proof> {
  const { session, now } = call
  const { live } = session
  if (live?.second_factor === true && !isFresh({ ...session, auth_time: now }, now)) requireFresh(session)
  if (live?.has_password === false && !isGiven(input)) {
    requireFresh(session)
    return proofOfSession(call)
  }
  const { password } = input as { password?: unknown }
  const proof = await confirm(call, live?.has_password === false ? input : { password }, field)
  return { ...proof, holds: sql`${proof.holds} AND ${asAsked(session)}` }
}

/** The condition that an account still asks for what its session was asked for. */
const asAsked = ({ live }: Session): Sql =>
  sql`second_factor = ${Number(live?.second_factor)} AND (hashed_password IS NOT NULL) = ${Number(live?.has_password)}`

/**
 * A proof of the session alone, for what a guard such as `factorChange` has checked. It is void once the session ends, the
 * account changes, or the account has meanwhile got a second factor or a password that the guard did not ask for.
 * @throws Problem 401 `invalid_token`, 503 `unavailable`
 */
export async function proofOfSession(call: SignedInCall): Promise<Proof> {
  const { session } = call
  const user = await findUser(call.env.DB, sql`id = ${session.user_id} AND ${asAsked(session)}`, call.registry.methods)
  if (!user) throw new Problem('invalid_token')
  return prove(call, { user, methods: [], session })
}

/** The same for the holder of a mailed link. `link`: its hash, under which guesses are counted. */
export const confirmByLink = (
  call: Call,
  { user_id, email, link }: { user_id: number; email: string; link: string },
  input: object,
): Promise<Proof> => confirmAs(call, { user_id, email, by: { link } }, input)

async function confirmAs(call: Call, whose: Whose, input: object): Promise<Proof> {
  for (const method of call.registry.methods) {
    const shown = method.confirm?.(call, whose, input)
    if (shown) return shown
  }
  throw new Problem('invalid_credentials')
}
