import { fromBase64url } from '../../lib/bytes.ts'
import { parseAuthenticatorData } from './authenticator-data.ts'
import { isCeremony, type Said, saidTo, signedBytes } from './ceremony.ts'
import type { Assertion } from './inputs.ts'
import { importPublicKey } from './public-key.ts'
import type { RelyingParty } from './relying-party.ts'
import { isSignedBy } from './signature.ts'

/**
 * An ES256 key that nobody has the other half of. An unknown credential is verified with it, so that the answer takes as long
 * as for a known one.
 */
const NOBODYS_KEY =
  'pQECAyYgASFYIIEo8FAkj3bl-6zpa1oC87DdLgo2LxM5xH6bC5JsAsx4IlggY-wREqFYA7Pt7YDGOqIbDVlaODTc8cqyqsdrxq_Kbgk'

/**
 * Verifies an assertion (WebAuthn Level 3 section 7.2): ceremony, challenge, origin, host, user presence and signature.
 * Undefined if anything is wrong. Judge the counter, the user and user verification yourself.
 */
export async function verifyAssertion(
  { response }: Assertion,
  public_key: string | undefined,
  { challenge, party }: { challenge: string; party: RelyingParty },
): Promise<Said | undefined> {
  const { clientDataJSON, authenticatorData, signature } = response
  if (!isCeremony(clientDataJSON, { type: 'webauthn.get', challenge, party })) return undefined
  try {
    const bytes = fromBase64url(authenticatorData)
    const said = await saidTo(party, parseAuthenticatorData(bytes))
    const key = await importPublicKey(fromBase64url(public_key ?? NOBODYS_KEY))
    const data = await signedBytes(bytes, clientDataJSON)
    const isSigned = await isSignedBy(key, { signature: fromBase64url(signature), data })
    return isSigned && public_key !== undefined ? said : undefined
  } catch {
    return undefined // what cannot be read is as wrong as a signature
  }
}
