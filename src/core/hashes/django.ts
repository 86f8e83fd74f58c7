import bcrypt from 'bcryptjs'
import { utf8 } from '../../lib/bytes.ts'
import { bcryptCost, bcryptRefusal } from './bcrypt.ts'
import { fromBase64 } from './encodings.ts'
import { malformed, type Reader } from './hash.ts'
import { DIGEST_BYTES, pbkdf2Hash } from './pbkdf2.ts'
import { scryptHash } from './scrypt.ts'

const PBKDF2 = /^pbkdf2_(?:sha1|sha256)\$([1-9]\d{0,9})\$([!-#%-~]{1,64})\$([A-Za-z0-9+/]{27,43}=)$/
const SCRYPT = /^scrypt\$([1-9]\d{0,9})\$([!-#%-~]{1,64})\$([1-9]\d{0,4})\$([1-9]\d{0,4})\$([A-Za-z0-9+/]{86}==)$/
const BCRYPT = /^bcrypt(_sha256)?\$(.*)$/s

/**
 * What `make_password` of Django writes, whichever of its hashers is set: PBKDF2, scrypt, bcrypt, and bcrypt of the
 * password's SHA-256. The salt is its text. Django does not normalise passwords.
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
  const format = reduced ? 'django bcrypt_sha256' : 'django bcrypt'
  const cost = bcryptCost(hash)
  if (cost === undefined) return { refused: bcryptRefusal(hash), format }
  const matches = async (password: string) => bcrypt.compare(reduced ? await sha256Hex(password) : password, hash)
  return { format, rounds: 2 ** cost, matches }
}

/**
 * A bcrypt hash of the whole of a password that is too long for bcrypt itself, in Django's form: bcrypt of the SHA-256,
 * in hexadecimal.
 */
export const bcryptSha256 = async (password: string, cost: number): Promise<string> =>
  `bcrypt_sha256$${await bcrypt.hash(await sha256Hex(password), cost)}`

/** The cost of a hash in that form; undefined when it is another, or none that may be computed here. */
export const bcryptSha256Cost = (text: string): number | undefined =>
  text.startsWith('bcrypt_sha256$') ? bcryptCost(text.slice('bcrypt_sha256$'.length)) : undefined

async function sha256Hex(password: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', utf8(password)))
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
