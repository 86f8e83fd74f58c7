import { base64url, fromBase64url, utf8 } from '../../lib/bytes.ts'
import type { AuthenticatorData } from './authenticator-data.ts'
import { unverifiedClientData } from './client-data.ts'
import type { RelyingParty } from './relying-party.ts'

/** What a ceremony must be: a registration or a sign-in, with this challenge, on a page of ours. */
export type Expected = { type: 'webauthn.create' | 'webauthn.get'; challenge: string; party: RelyingParty }

/** What an authenticator says, as far as both ceremonies check it. */
export type Said = { counter: number; user_verified: boolean; backup_eligible: boolean; backed_up: boolean }

/** Whether the browser says that it was this ceremony (WebAuthn Level 3 sections 7.1 and 7.2, "Verify that the value of C..."). */
export function isCeremony(clientDataJSON: string, { type, challenge, party }: Expected): boolean {
  const data = unverifiedClientData(clientDataJSON)
  return data?.type === type && data.challenge === challenge && data.origin === party.origin
}

/**
 * What authenticator data says, if it is for our host, a person was present, and the backup flags agree. User verification is
 * judged elsewhere: a device may leave it out, even if it is required.
 */
export async function saidTo(
  party: RelyingParty,
  { rpIdHash, counter, flags }: AuthenticatorData,
): Promise<Said | undefined> {
  const isOurs = base64url(rpIdHash) === base64url(await sha256(utf8(party.id)))
  const { up, uv: user_verified, be: backup_eligible, bs: backed_up } = flags
  if (!isOurs || !up || (backed_up && !backup_eligible)) return undefined
  return { counter, user_verified, backup_eligible, backed_up }
}

/** What an authenticator signs: its data, and the hash of what the browser says. */
export async function signedBytes(
  authenticatorData: Uint8Array,
  clientDataJSON: string,
): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array([...authenticatorData, ...(await sha256(fromBase64url(clientDataJSON)))])
}

const sha256 = async (bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> =>
  new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
