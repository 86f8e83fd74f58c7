import { utf8 } from '../../../lib/bytes.ts'
import { fromHex } from './encodings.ts'
import { malformed, type Reader } from './hash.ts'
import { DIGEST_BYTES, pbkdf2Hash } from './pbkdf2.ts'
import type { Digest } from './pbkdf2-script.ts'
import { scryptHash } from './scrypt.ts'

const SCRYPT = /^scrypt:([1-9]\d{0,9}):([1-9]\d{0,4}):([1-9]\d{0,4})\$([!-#%-~]{1,64})\$([0-9a-f]{128})$/
const PBKDF2 = /^pbkdf2:(sha1|sha256|sha512):([1-9]\d{0,9})\$([!-#%-~]{1,64})\$([0-9a-f]{40,128})$/

const DIGESTS: Record<string, Digest> = { sha1: 'SHA-1', sha256: 'SHA-256', sha512: 'SHA-512' }

/**
 * The hashes of Werkzeug's (Flask's) `generate_password_hash`: `scrypt:32768:8:1$salt$hex` since 2.3,
 * `pbkdf2:sha256:260000$salt$hex` before. The text of the salt is used as its bytes. A method without rounds would mean
 * the default of whichever version reads it. No version writes that, so it counts as malformed.
 */
export const readWerkzeug: Reader = (text) => {
  if (text.startsWith('scrypt:')) {
    const [, N, r, p, salt = '', hex = ''] = SCRYPT.exec(text) ?? []
    if (!hex) return malformed('werkzeug scrypt')
    const cost = { N: Number(N), r: Number(r), p: Number(p) }
    return scryptHash('werkzeug scrypt', { cost, salt: utf8(salt), key: fromHex(hex) })
  }
  if (!/^pbkdf2[:$]/.test(text)) return undefined
  const [, name = '', iterations, salt = '', hex = ''] = PBKDF2.exec(text) ?? []
  const digest = DIGESTS[name]
  if (!digest || hex.length !== 2 * DIGEST_BYTES[digest]) return malformed('werkzeug pbkdf2')
  const format = `werkzeug pbkdf2 ${name}`
  return pbkdf2Hash(format, { digest, iterations: Number(iterations), salt: utf8(salt), key: fromHex(hex) })
}
