import type { Begun, Call } from '../../core/call.ts'
import { newTicket, nextTicket, type Ticket, writeTicket } from '../../core/ticket.ts'
import type { User } from '../../core/users/users.ts'
import { base64url, randomId } from '../../lib/bytes.ts'
import { type Ceremony, newChallenge } from './challenge.ts'
import { ALGORITHMS } from './public-key.ts'
import { knownToAuthenticators } from './queries.ts'
import { relyingParty } from './relying-party.ts'

/** The kind of a ticket that holds the challenge of a sign-in. */
export const ASSERTION = 'passkey'

/** Milliseconds in a second, in which WebAuthn counts. */
const MS = 1_000

/**
 * What a browser needs to sign in with a passkey. The same for everybody: it names no credential, so it tells nothing about
 * an account, and the user picks the account. With a ticket, the new one keeps its user, methods and expiry.
 * @throws Problem 503 `not_ready`
 */
export async function beginSignIn(call: Call, ticket: Ticket | undefined): Promise<Begun> {
  const party = relyingParty(call.settings)
  const challenge = randomId(256)
  const begun = ticket ? nextTicket(ticket, { data: challenge }) : newTicket(call, { data: challenge })
  const expires_in = begun.until - call.now
  const publicKey = {
    challenge,
    rpId: party.id,
    timeout: expires_in * MS,
    userVerification: 'preferred', // `required` would turn away devices that leave it out
  }
  return { ticket: await writeTicket(call, ASSERTION, begun), publicKey, expires_in }
}

/**
 * What a browser needs to make a passkey for an account.
 * @throws Problem 503 `not_ready`, 503 `unavailable`
 */
export async function beginRegistration(
  call: Call,
  user: User,
  ceremony: Ceremony,
  userVerification: 'preferred' | 'required' = 'preferred',
) {
  const party = relyingParty(call.settings)
  const { bytes, expires_in } = await newChallenge(call, user, ceremony)
  const { handle, passkeys } = await knownToAuthenticators(call.env.DB, user.id)
  const publicKey = {
    rp: { id: party.id, name: party.name },
    user: { id: handle, name: user.email, displayName: user.email },
    challenge: base64url(bytes),
    pubKeyCredParams: ALGORITHMS.map((alg) => ({ alg, type: 'public-key' })),
    timeout: expires_in * MS,
    attestation: 'none',
    excludeCredentials: passkeys.map(({ id, transports }) => ({
      id,
      type: 'public-key',
      transports: JSON.parse(transports) as string[],
    })),
    authenticatorSelection: { residentKey: 'required', requireResidentKey: true, userVerification },
  }
  return { publicKey, expires_in }
}
