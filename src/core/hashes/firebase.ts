import { utf8 } from '../../lib/bytes.ts'
import { fromBase64 } from './encodings.ts'
import { equal } from './equal.ts'
import { malformed, type Reader, tooDear } from './hash.ts'
import { isAffordable, isScryptCost, scrypt, scryptRounds } from './scrypt.ts'

/** What the console shows as a project's "password hash parameters", and what the export says of one user. Base64. */
export type FirebaseParts = {
  /** log2 of scrypt's N. */
  mem_cost: number
  /** scrypt's r. */
  rounds: number
  signer_key: string
  salt_separator: string
  salt: string
  password_hash: string
}

const FORMAT = 'firebase scrypt'
const BASE64 = '[A-Za-z0-9+/]{1,128}={0,2}'
const HASH = new RegExp(
  `^\\$firebase-scrypt\\$ln=([1-9]\\d?),r=([1-9]\\d{0,2})\\$(${BASE64})\\$(${BASE64})\\$(${BASE64})\\$(${BASE64})$`,
)

/** AES-256, whose key is what scrypt gives. */
const KEY_BYTES = 32

/** Firebase has signer keys of so many bytes, and a hash is as long. */
const SIGNER_KEY_BYTES = 64

/**
 * One text that can be compared without anything else. The export uses both alphabets of Base64. It is not checked here:
 * `judgeHash` does that.
 */
export function firebaseHash(parts: FirebaseParts): string {
  const texts = [parts.salt, parts.salt_separator, parts.signer_key, parts.password_hash]
  const encoded = texts.map((text) => text.trim().replaceAll('-', '+').replaceAll('_', '/'))
  return `$firebase-scrypt$ln=${parts.mem_cost},r=${parts.rounds}$${encoded.join('$')}`
}

/**
 * What `firebaseHash` writes. Firebase Authentication encrypts the project's signer key under what scrypt makes of the
 * password, with AES-CTR from a counter of zero, and keeps the ciphertext.
 */
export const readFirebase: Reader = (text) => {
  if (!text.startsWith('$firebase-scrypt$')) return undefined
  const [, ln, r, ...encoded] = HASH.exec(text) ?? []
  const [userSalt, separator, signerKey, hash] = encoded.map(fromBase64)
  if (!userSalt || !separator || signerKey?.length !== SIGNER_KEY_BYTES || hash?.length !== SIGNER_KEY_BYTES) {
    return malformed(FORMAT)
  }
  const cost = { N: 2 ** Number(ln), r: Number(r), p: 1 }
  if (!isScryptCost(cost)) return malformed(FORMAT)
  if (!isAffordable(cost)) return tooDear(FORMAT)
  const salt = Uint8Array.from([...userSalt, ...separator])
  const matches = async (password: string) => {
    const raw = await scrypt(utf8(password), salt, KEY_BYTES, cost)
    const key = await crypto.subtle.importKey('raw', raw, 'AES-CTR', false, ['encrypt'])
    const algorithm = { name: 'AES-CTR', counter: new Uint8Array(16), length: 64 }
    return equal(new Uint8Array(await crypto.subtle.encrypt(algorithm, key, signerKey)), hash)
  }
  return { format: FORMAT, rounds: scryptRounds(cost), matches }
}
