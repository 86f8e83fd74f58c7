import { base64url, fromBase64url, hex } from '../../lib/bytes.ts'
import { parseAuthenticatorData } from './authenticator-data.ts'
import { mapOf } from './cbor.ts'
import { isCeremony, type Said, saidTo } from './ceremony.ts'
import type { Attestation } from './inputs.ts'
import { importPublicKey } from './public-key.ts'
import type { RelyingParty } from './relying-party.ts'

/** What a verified registration says. */
export type Attested = Said & { public_key: string; aaguid: string; transports: string[] }

/**
 * Verifies a new credential (WebAuthn Level 3 section 7.1). Undefined if anything is wrong. The statement of a manufacturer is
 * not asked for, and not read: whoever would lie in it can leave it out.
 */
export async function verifyAttestation(
  { id, response }: Attestation,
  { challenge, party }: { challenge: string; party: RelyingParty },
): Promise<Attested | undefined> {
  const { clientDataJSON, attestationObject, transports } = response
  if (!isCeremony(clientDataJSON, { type: 'webauthn.create', challenge, party })) return undefined
  try {
    const bytes = mapOf(fromBase64url(attestationObject)).get('authData')
    if (!(bytes instanceof Uint8Array)) return undefined
    const data = parseAuthenticatorData(bytes)
    const said = await saidTo(party, data)
    const { credential } = data
    if (!said || !credential || base64url(credential.id) !== id) return undefined
    await importPublicKey(credential.public_key) // a key that no assertion could be verified with is not stored
    return { ...said, public_key: base64url(credential.public_key), aaguid: uuidOf(credential.aaguid), transports }
  } catch {
    return undefined
  }
}

const uuidOf = (bytes: Uint8Array): string => hex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
