import { base64, utf8 } from '../../../lib/bytes.ts'
import { bcryptHash } from './bcrypt-form.ts'
import { fromBase64 } from './encodings.ts'
import { malformed, type Reader } from './hash.ts'
import { readPasslib } from './passlib.ts'
import { underRule } from './reading.ts'
import { readUnsupported } from './unsupported.ts'

const FORMAT = 'flask-security'
const HASH = /^\$flask-security\$([A-Za-z0-9+/]{2,344}={0,2})(\$.*)$/s

/**
 * Combines `SECURITY_PASSWORD_SALT` and passlib's hash into one text. The result is not checked here; `judgeHash` does
 * that.
 */
export const flaskSecurityHash = (salt: string, hash: string): string => `$flask-security$${base64(utf8(salt))}${hash}`

/**
 * Reads what `flaskSecurityHash` writes. Unless `SECURITY_PASSWORD_SINGLE_HASH` says otherwise, Flask-Security passes
 * base64(HMAC-SHA512(password)) to passlib, with the application's salt as the key. Since 4.0 it first converts the
 * password to NFKD.
 */
export const readFlaskSecurity: Reader = (text) => {
  if (!text.startsWith('$flask-security$')) return undefined
  const [, encoded = '', inner = ''] = HASH.exec(text) ?? []
  const salt = fromBase64(encoded)
  if (!salt?.length) return malformed(FORMAT)
  const hash = inner.startsWith('$2') ? bcryptHash('bcrypt', inner) : (readPasslib(inner) ?? readUnsupported(inner))
  if (!hash) return malformed(FORMAT)
  const format = `${FORMAT} ${hash.format}`
  if ('refused' in hash) return { ...hash, format }
  const matches = async (password: string) => hash.matches(await reduced(password, salt))
  return underRule({ ...hash, format, matches }, 'nfkc', (password) => [password.normalize('NFKD'), password])
}

async function reduced(password: string, salt: Uint8Array<ArrayBuffer>): Promise<string> {
  const key = await crypto.subtle.importKey('raw', salt, { name: 'HMAC', hash: 'SHA-512' }, false, ['sign'])
  return base64(new Uint8Array(await crypto.subtle.sign('HMAC', key, utf8(password))))
}
