import { base64, utf8 } from '../../../lib/bytes.ts'
import { bcryptHash } from './bcrypt-form.ts'
import { fromBase64 } from './encodings.ts'
import { malformed, type Reader } from './hash.ts'
import { DIGEST_BYTES, pbkdf2Hash } from './pbkdf2.ts'
import type { Digest } from './pbkdf2-script.ts'

const PBKDF2 = /^\$pbkdf2(?:-sha256|-sha512)?\$([1-9]\d{0,9})\$([A-Za-z0-9./]{2,86})\$([A-Za-z0-9./]{27,86})$/
const BCRYPT =
  /^\$bcrypt-sha256\$(?:(v=2),t=(2b),r=|(2[ab]),)([1-9]\d?)\$([./A-Za-z0-9]{21}[.Oeu])\$([./A-Za-z0-9]{31})$/

const DIGESTS: Record<string, Digest> = { pbkdf2: 'SHA-1', 'pbkdf2-sha256': 'SHA-256', 'pbkdf2-sha512': 'SHA-512' }

/** The hashes of passlib's `pbkdf2_sha1`, `pbkdf2_sha256`, `pbkdf2_sha512` and `bcrypt_sha256`. */
export const readPasslib: Reader = (text) => {
  const name = /^\$((?:pbkdf2|bcrypt-)[^$]*)\$/.exec(text)?.[1]
  if (name === undefined) return undefined
  return name.startsWith('bcrypt') ? readBcrypt(text) : readPbkdf2(text, name)
}

/** passlib's own base64 has `.` for `+`, and no padding. */
const readPbkdf2 = (text: string, name: string): ReturnType<Reader> => {
  const format = `passlib ${name}`
  const digest = DIGESTS[name]
  if (!digest) return { refused: 'unsupported', format: 'passlib pbkdf2' } // never the text itself
  const [, iterations, encodedSalt = '', encodedKey = ''] = PBKDF2.exec(text) ?? []
  const [salt, key] = [encodedSalt, encodedKey].map((part) => fromBase64(part.replaceAll('.', '+')))
  if (!salt || key?.length !== DIGEST_BYTES[digest]) return malformed(format)
  return pbkdf2Hash(format, { digest, iterations: Number(iterations), salt, key })
}

/**
 * bcrypt of base64(SHA-256(password)). Since passlib 1.7.3 (`v=2`) it is an HMAC with the text of the salt as its key.
 */
const readBcrypt: Reader = (text) => {
  const format = 'passlib bcrypt-sha256'
  const [, keyed, type = '', oldType = '', cost = '', salt = '', digest = ''] = BCRYPT.exec(text) ?? []
  if (!salt) return malformed(format)
  const hash = `$${type || oldType}$${cost.padStart(2, '0')}$${salt}${digest}`
  return bcryptHash(format, hash, async (password) => base64(await sha256(password, keyed ? salt : undefined)))
}

async function sha256(password: string, salt: string | undefined): Promise<Uint8Array> {
  if (salt === undefined) return new Uint8Array(await crypto.subtle.digest('SHA-256', utf8(password)))
  const key = await crypto.subtle.importKey('raw', utf8(salt), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
  return new Uint8Array(await crypto.subtle.sign('HMAC', key, utf8(password)))
}
