import { sha256 } from '../../lib/bytes.ts'
import { isSameSecret } from '../../lib/secret.ts'

/** SHA-256 in base64url (RFC 7636 section 4.2). */
const CHALLENGE = /^[\w-]{43}$/
/** RFC 7636 section 4.1. */
const VERIFIER = /^[\w.~-]{43,128}$/

export const isChallenge = (text: string): boolean => CHALLENGE.test(text)

/**
 * Whether a verifier belongs to the challenge that the code was made for. Without a challenge there must be none: else
 * somebody could have taken the challenge out of the request (RFC 9700 section 4.8.2).
 */
export async function provesChallenge(verifier: string | undefined, challenge: string | undefined): Promise<boolean> {
  if (challenge === undefined || verifier === undefined) return challenge === verifier
  return VERIFIER.test(verifier) && isSameSecret(await sha256(verifier), challenge)
}
