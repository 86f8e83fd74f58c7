import { base64url, fromBase64url } from '../../lib/bytes.ts'
import { isCeremony, type Said, saidTo } from './ceremony.ts'
import type { Attestation } from './inputs.ts'
import { webauthn } from './library.ts'
import { ALGORITHMS } from './options.ts'
import type { RelyingParty } from './relying-party.ts'

/** What a verified registration says. */
export type Attested = Said & { public_key: string; aaguid: string; transports: string[] }

/** The number of the algorithm in a COSE key (RFC 9052 section 7.1). */
const ALG = 3

/**
 * Verifies a new credential (WebAuthn Level 3 section 7.1). Undefined if anything is wrong. The statement of a manufacturer is
 * not asked for, and not read: whoever would lie in it can leave it out.
 */
export async function verifyAttestation(
  { id, response }: Attestation,
  { challenge, party }: { challenge: string; party: RelyingParty },
): Promise<Attested | undefined> {
  const library = await webauthn()
  const { clientDataJSON, attestationObject, transports } = response
  if (!isCeremony(clientDataJSON, { type: 'webauthn.create', challenge, party })) return undefined
  try {
    const bytes = library.decodeAttestationObject(fromBase64url(attestationObject)).get('authData')
    const data = library.parseAuthenticatorData(bytes)
    const said = await saidTo(party, data)
    const { credentialID, credentialPublicKey, aaguid } = data
    if (!said || !credentialID || !credentialPublicKey || !aaguid || base64url(credentialID) !== id) return undefined
    const algorithm = library.decodeCredentialPublicKey(credentialPublicKey).get(ALG) as number
    if (!ALGORITHMS.includes(algorithm)) return undefined
    const public_key = base64url(credentialPublicKey)
    return { ...said, public_key, aaguid: library.convertAAGUIDToString(aaguid), transports }
  } catch {
    return undefined
  }
}
