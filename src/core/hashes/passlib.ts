import { fromBase64 } from './encodings.ts'
import { malformed, type Reader } from './hash.ts'
import { type Digest, DIGEST_BYTES, pbkdf2Hash } from './pbkdf2.ts'

const PBKDF2 = /^\$pbkdf2(?:-sha256|-sha512)?\$([1-9]\d{0,9})\$([A-Za-z0-9./]{2,86})\$([A-Za-z0-9./]{27,86})$/

const DIGESTS: Record<string, Digest> = { pbkdf2: 'SHA-1', 'pbkdf2-sha256': 'SHA-256', 'pbkdf2-sha512': 'SHA-512' }

/** What passlib's `pbkdf2_sha1`, `pbkdf2_sha256` and `pbkdf2_sha512` write, with its own Base64: `.` for `+`, unpadded. */
export const readPasslib: Reader = (text) => {
  const name = /^\$(pbkdf2[^$]*)\$/.exec(text)?.[1]
  if (name === undefined) return undefined
  const format = `passlib ${name}`
  const digest = DIGESTS[name]
  if (!digest) return { refused: 'unsupported', format: 'passlib pbkdf2' } // not the text, which anybody may have written
  const [, iterations, encodedSalt = '', encodedKey = ''] = PBKDF2.exec(text) ?? []
  const [salt, key] = [encodedSalt, encodedKey].map((part) => fromBase64(part.replaceAll('.', '+')))
  if (!salt || key?.length !== DIGEST_BYTES[digest]) return malformed(format)
  return pbkdf2Hash(format, { digest, iterations: Number(iterations), salt, key })
}
