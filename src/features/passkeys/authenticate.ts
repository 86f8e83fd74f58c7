import type { Call, Whose } from '../../core/call.ts'
import type { Proof } from '../../core/proof.ts'
import { readTicket, singlesOf, type Ticket } from '../../core/ticket.ts'
import { type CountedUser, findUser } from '../../core/users/users.ts'
import { USER_VERIFICATION } from '../../core/users/ways.ts'
import { amongCrowd } from '../../doorkeeper/crowd.ts'
import { guess } from '../../doorkeeper/rpc.ts'
import { sql } from '../../lib/sql.ts'
import { Problem } from '../../problem.ts'
import { prove } from '../../signing-in/prove.ts'
import { verifyAssertion } from './assertion.ts'
import type { Said } from './ceremony.ts'
import { isCopy, refuseCopy, useOf } from './counter.ts'
import type { Assertion } from './inputs.ts'
import { ASSERTION } from './options.ts'
import { findPasskey, PASSKEY, type StoredPasskey } from './queries.ts'
import { refuse, refuseAccount } from './refuse.ts'
import { relyingParty } from './relying-party.ts'

/** `holder`: the user whose passkey it must be, if that is known. */
type Shown = { credential: Assertion; ticket: Ticket; holder?: Holder | undefined }
type Holder = Pick<Whose, 'user_id'> & Partial<Whose>
type Judged = { user: CountedUser; passkey: StoredPasskey; asserted: Said }
type Fault = 'unknown_passkey' | 'wrong_passkey' | 'used'

/**
 * Verifies a passkey at a sign-in. Whatever is wrong, the answer is the same, and the challenge is spent.
 * @throws Problem 401 `invalid_credentials`, 401 `invalid_ticket`, 403 `account_disabled`, 403 `email_not_verified`, 429
 * `too_many_attempts`, 503 `not_ready` or `unavailable`
 */
export async function authenticate(call: Call, credential: Assertion, ticket: Ticket | undefined): Promise<Proof> {
  if (ticket === undefined) throw new Problem('invalid_ticket')
  const { user } = ticket
  if (user) return verify(call, { credential, ticket, holder: { user_id: user.id } })
  return amongCrowd(call.env, call.origin, () => verify(call, { credential, ticket }))
}

/**
 * Verifies a passkey of a signed-in user, or of the holder of a mailed link. The proof uses up the ticket.
 * @throws as `authenticate`
 */
export async function confirmPasskey(
  call: Call,
  whose: Whose,
  { ticket: text, credential }: Confirmation,
): Promise<Proof> {
  const ticket = await readTicket(call, ASSERTION, text)
  if (ticket.user) throw new Problem('invalid_ticket') // of a sign-in under way
  const proof = await verify(call, { credential, ticket, holder: whose })
  return { ...proof, spends: singlesOf(ticket) }
}

export type Confirmation = { ticket: string; credential: Assertion }

async function verify(call: Call, shown: Shown): Promise<Proof> {
  const { credential, ticket, holder } = shown
  relyingParty(call.settings) // before any read
  const owner = holder ? sql`${holder.user_id}` : sql`(SELECT user_id FROM passkeys WHERE id = ${credential.id})`
  const found = await findUser(call.env.DB, sql`id = ${owner}`, call.registry.methods)
  if (holder && !found) throw new Problem('invalid_ticket')
  const outcome = holder && found ? await guessed(call, found, shown) : await judged(call, found, shown)
  if (outcome === 'used') throw new Problem('invalid_credentials')
  if (typeof outcome === 'string') throw await refuse(call, ticket, { reason: outcome, user_id: found?.id })
  const { user, passkey, asserted } = outcome
  if (isCopy(passkey, asserted)) throw await refuseCopy(call, passkey, ticket)
  if (user.disabled_at !== null || !user.email_verified) throw await refuseAccount(call, user, ticket)
  const methods = asserted.user_verified ? [PASSKEY, USER_VERIFICATION] : [PASSKEY]
  const session = holder?.by && 'session' in holder.by ? holder.by.session : undefined
  const proof = prove(call, { user, methods, session })
  return { ...proof, ...useOf(call, passkey, asserted, { ticket, holds: proof.holds }) }
}

/** The same for a user who is known before: the attempt counts against the account. */
async function guessed(call: Call, user: CountedUser, shown: Shown): Promise<Judged | Fault> {
  const { email, id: user_id } = user
  const { device_token } = shown.ticket
  const by = shown.holder?.by
  const who = by && { user_id, session_id: 'link' in by ? by.link : by.session.id }
  const outcomes: (Judged | Fault)[] = []
  await guess(call, { method: PASSKEY, email, ...(who && { who }), device_token }, async () => {
    const outcome = await judged(call, user, shown)
    outcomes.push(outcome)
    return typeof outcome !== 'string'
  })
  return outcomes[0]!
}

/** Judges whether an assertion is genuine, of this user, and used for the first time. It writes nothing. */
async function judged(call: Call, user: CountedUser | undefined, shown: Shown): Promise<Judged | Fault> {
  const { credential, ticket } = shown
  const passkey = await findPasskey(call.env.DB, credential.id, singlesOf(ticket))
  const ceremony = { challenge: ticket.data ?? '', party: relyingParty(call.settings) }
  const asserted = await verifyAssertion(credential, passkey?.public_key, ceremony)
  if (passkey === null) return 'unknown_passkey'
  const isOwn = passkey.user_id === user?.id && passkey.handle === credential.response.userHandle
  if (!user || !asserted || !isOwn) return 'wrong_passkey'
  // A request that was sent twice is not a copied passkey.
  if (passkey.is_spent === 1 || passkey.last_challenge === ticket.id) return 'used'
  return { user, passkey, asserted }
}
