import { utf8 } from '../../../lib/bytes.ts'
import { fromBase64 } from './encodings.ts'
import { equal } from './equal.ts'
import { type ForeignHash, malformed, type Reader, type Refused, tooDear } from './hash.ts'
import { isAffordable, isScryptCost, scrypt, type ScryptCost, scryptRounds } from './scrypt.ts'

/**
 * The "password hash parameters" that the Firebase console shows for a project, and one user's values from the export.
 * Texts are in base64.
 */
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

const BASE64 = '[A-Za-z0-9+/]{1,128}={0,2}'
const HASH = new RegExp(
  `^\\$firebase-scrypt\\$ln=([1-9]\\d?),r=([1-9]\\d{0,2})\\$(${BASE64})\\$(${BASE64})\\$(${BASE64})\\$(${BASE64})$`,
)
const SUPABASE_HASH = new RegExp(
  `^\\$fbscrypt\\$v=1,n=([1-9]\\d?),r=([1-9]\\d{0,2}),p=([1-9]\\d?),ss=(${BASE64}),sk=(${BASE64})\\$(${BASE64})\\$(${BASE64})$`,
)

/** The length of an AES-256 key, which scrypt derives. */
const KEY_BYTES = 32

/** The length of Firebase's signer keys, and therefore of its hashes. */
const SIGNER_KEY_BYTES = 64

/**
 * Puts everything needed for a comparison into one text. The export uses both alphabets of base64. The result is not
 * checked here; `judgeHash` does that.
 */
export function firebaseHash(parts: FirebaseParts): string {
  const texts = [parts.salt, parts.salt_separator, parts.signer_key, parts.password_hash]
  const encoded = texts.map((text) => text.trim().replaceAll('-', '+').replaceAll('_', '/'))
  return `$firebase-scrypt$ln=${parts.mem_cost},r=${parts.rounds}$${encoded.join('$')}`
}

/** Reads what `firebaseHash` writes. */
export const readFirebase: Reader = (text) => {
  if (!text.startsWith('$firebase-scrypt$')) return undefined
  const [, ln, r, ...encoded] = HASH.exec(text) ?? []
  const [salt, separator, signerKey, hash] = encoded.map(fromBase64)
  return firebaseScrypt('firebase scrypt', { N: 2 ** Number(ln), r: Number(r), p: 1 }, [
    salt,
    separator,
    signerKey,
    hash,
  ])
}

/** Reads the same hash as Supabase Auth stores it for users who came from Firebase. */
export const readSupabase: Reader = (text) => {
  if (!text.startsWith('$fbscrypt$')) return undefined
  const [, n, r, p, ...encoded] = SUPABASE_HASH.exec(text) ?? []
  const [separator, signerKey, salt, hash] = encoded.map(fromBase64)
  const cost = { N: 2 ** Number(n), r: Number(r), p: Number(p) }
  return firebaseScrypt('supabase fbscrypt', cost, [salt, separator, signerKey, hash])
}

type Part = Uint8Array<ArrayBuffer> | undefined

/**
 * Firebase Authentication derives a key from the password with scrypt, encrypts the project's signer key with AES-CTR
 * from a counter of zero, and stores the ciphertext.
 */
function firebaseScrypt(
  format: string,
  cost: ScryptCost,
  [userSalt, separator, signerKey, hash]: [Part, Part, Part, Part],
): ForeignHash | Refused {
  if (!userSalt || !separator || signerKey?.length !== SIGNER_KEY_BYTES || hash?.length !== SIGNER_KEY_BYTES) {
    return malformed(format)
  }
  if (!isScryptCost(cost)) return malformed(format)
  if (!isAffordable(cost)) return tooDear(format)
  const salt = Uint8Array.from([...userSalt, ...separator])
  const matches = async (password: string) => {
    const raw = await scrypt(utf8(password), salt, KEY_BYTES, cost)
    const key = await crypto.subtle.importKey('raw', raw, 'AES-CTR', false, ['encrypt'])
    const algorithm = { name: 'AES-CTR', counter: new Uint8Array(16), length: 64 }
    return equal(new Uint8Array(await crypto.subtle.encrypt(algorithm, key, signerKey)), hash)
  }
  return { format, rounds: scryptRounds(cost), matches }
}
