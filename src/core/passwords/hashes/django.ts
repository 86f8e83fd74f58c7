import bcrypt from 'bcryptjs'
import { hex, utf8 } from '../../../lib/bytes.ts'
import { bcryptCost, bcryptHash } from './bcrypt-form.ts'
import { fromBase64 } from './encodings.ts'
import { malformed, type Reader } from './hash.ts'
import { DIGEST_BYTES, pbkdf2Hash } from './pbkdf2.ts'
import { scryptHash } from './scrypt.ts'

const PBKDF2 = /^pbkdf2_(?:sha1|sha256)\$([1-9]\d{0,9})\$([!-#%-~]{1,64})\$([A-Za-z0-9+/]{27,43}=)$/
const SCRYPT = /^scrypt\$([1-9]\d{0,9})\$([!-#%-~]{1,64})\$([1-9]\d{0,4})\$([1-9]\d{0,4})\$([A-Za-z0-9+/]{86}==)$/
const BCRYPT = /^bcrypt(_sha256)?\$(.*)$/s

/**
 * The hashes of Django's `make_password`, with any of its hashers: PBKDF2, scrypt, bcrypt, and bcrypt of the password's
 * SHA-256. The text of the salt is used as its bytes. Django does not normalize passwords.
 */
export const readDjango: Reader = (text) =>
  /^pbkdf2_sha(1|256)\$/.test(text)
    ? readPbkdf2(text)
    : text.startsWith('scrypt$')
      ? readScrypt(text)
      : readBcrypt(text)

const readPbkdf2: Reader = (text) => {
  const format = text.startsWith('pbkdf2_sha1$') ? 'django pbkdf2_sha1' : 'django pbkdf2_sha256'
  const digest = text.startsWith('pbkdf2_sha1$') ? 'SHA-1' : 'SHA-256'
  const [, iterations, salt = '', encoded = ''] = PBKDF2.exec(text) ?? []
  const key = fromBase64(encoded)
  if (key?.length !== DIGEST_BYTES[digest]) return malformed(format)
  return pbkdf2Hash(format, { digest, iterations: Number(iterations), salt: utf8(salt), key })
}

const readScrypt: Reader = (text) => {
  const [, N, salt = '', r, p, encoded = ''] = SCRYPT.exec(text) ?? []
  const key = fromBase64(encoded)
  if (!key?.length) return malformed('django scrypt')
  const cost = { N: Number(N), r: Number(r), p: Number(p) }
  return scryptHash('django scrypt', { cost, salt: utf8(salt), key })
}

const readBcrypt: Reader = (text) => {
  const [, reduced, hash] = BCRYPT.exec(text) ?? []
  if (hash === undefined) return undefined
  if (!reduced) return bcryptHash('django bcrypt', hash)
  const read = bcryptHash('django bcrypt_sha256', hash, sha256Hex)
  const keptCost = bcryptCost(hash)
  return 'refused' in read || keptCost === undefined ? read : { ...read, keptCost }
}

/**
 * Hashes a password that is too long for bcrypt, in full. The format is Django's: bcrypt of the hexadecimal SHA-256.
 */
export const bcryptSha256 = async (password: string, cost: number): Promise<string> =>
  `bcrypt_sha256$${await bcrypt.hash(await sha256Hex(password), cost)}`

async function sha256Hex(password: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', utf8(password)))
  return hex(digest)
}
