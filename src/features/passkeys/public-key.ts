import { base64url } from '../../lib/bytes.ts'
import { type CborMap, mapOf } from './cbor.ts'

/** Labels of a COSE key. A label below 0 means another thing in another type: -1 is the curve, or the modulus of RSA. */
const [TYPE, ALG, CURVE, X, Y, N, E] = [1, 3, -1, -2, -3, -1, -2]

/** At least 2048 bits (RFC 8812 section 2). Beyond 4096 it would only cost time. */
const isModulus = ({ length, 0: first = 0 }: Uint8Array): boolean => length >= 256 && length <= 512 && first >= 0x80

/** Without a leading zero (RFC 8230 section 4). The platform takes 3 and 65537 only. */
const isExponent = ({ 0: first = 0 }: Uint8Array): boolean => first > 0

type Kind = {
  alg: number
  type: number
  curve?: number
  parameters: { name: string; namedCurve?: string; hash?: string }
  jwk: (key: CborMap) => JsonWebKey
}

/**
 * The keys that are accepted, the preferred ones first (RFC 9053 section 7, RFC 8230 section 4): Ed25519, P-256 with both
 * coordinates (WebAuthn Level 3 section 5.8.5), and RSA, which Windows Hello without a newer chip needs.
 */
const KINDS: readonly Kind[] = [
  {
    alg: -8,
    type: 1,
    curve: 6,
    parameters: { name: 'Ed25519' },
    jwk: (key) => ({ kty: 'OKP', crv: 'Ed25519', x: part(key, X) }),
  },
  {
    alg: -7,
    type: 2,
    curve: 1,
    parameters: { name: 'ECDSA', namedCurve: 'P-256' },
    jwk: (key) => ({ kty: 'EC', crv: 'P-256', x: part(key, X), y: part(key, Y) }),
  },
  {
    alg: -257,
    type: 3,
    parameters: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
    jwk: (key) => ({ kty: 'RSA', n: part(key, N, isModulus), e: part(key, E, isExponent) }),
  },
]

/** COSE algorithms, the preferred ones first. */
export const ALGORITHMS = KINDS.map(({ alg }) => alg)

/**
 * Imports a public key that an authenticator wrote (COSE_Key, RFC 9052 section 7).
 * @throws Error if it is no such key, or one with another algorithm, type, curve or length
 */
export async function importPublicKey(cose: Uint8Array): Promise<CryptoKey> {
  const key = mapOf(cose)
  const kind = KINDS.find(({ alg }) => alg === key.get(ALG))
  if (!kind || key.get(TYPE) !== kind.type || (kind.curve && key.get(CURVE) !== kind.curve)) {
    throw new TypeError('another kind of key')
  }
  return crypto.subtle.importKey('jwk', kind.jwk(key), kind.parameters, false, ['verify'])
}

/** A byte string of a key, as JSON web keys spell it. The platform checks coordinates. @throws TypeError */
function part(key: CborMap, label: number, isRight?: (bytes: Uint8Array) => boolean): string {
  const bytes = key.get(label)
  if (!(bytes instanceof Uint8Array) || isRight?.(bytes) === false) throw new TypeError('a part is missing or wrong')
  return base64url(bytes)
}
