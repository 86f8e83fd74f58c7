/** Password hashes that other systems made. Our own format is bcrypt, in core/passwords/passwords.ts. */
import { bcryptCost, bcryptRefusal } from './bcrypt-form.ts'
import { readBetterAuth } from './better-auth.ts'
import { readDjango } from './django.ts'
import { readFirebase, readSupabase } from './firebase.ts'
import { readFlaskSecurity } from './flask-security.ts'
import type { ForeignHash, Refused } from './hash.ts'
import { readPasslib } from './passlib.ts'
import { readPhpass } from './phpass.ts'
import { readUnderRule } from './reading.ts'
import { readUnsupported } from './unsupported.ts'
import { readWerkzeug } from './werkzeug.ts'
import { readWordPress } from './wordpress.ts'

export type { ForeignHash, Refused } from './hash.ts'
export { firebaseHash, type FirebaseParts } from './firebase.ts'
export { flaskSecurityHash } from './flask-security.ts'

const readers = [
  readUnderRule,
  readWerkzeug,
  readDjango,
  readPasslib,
  readFlaskSecurity,
  readFirebase,
  readSupabase,
  readBetterAuth,
  readWordPress,
  readPhpass,
  readUnsupported,
]

/** Characters. The longest known hash is Firebase's with its signer key: about 260. */
const MAX_LENGTH = 600

/** What Django stores for a user without a usable password; since 1.6 with 40 random characters. */
const UNUSABLE = /^!([A-Za-z0-9]{40})?$/

/** Unwraps a hash that Python's `str` wrote as bytes: `b'$2b$12$...'`. Any other text is returned unchanged. */
export const unwrapHash = (text: string): string => /^b(['"])(.*)\1$/s.exec(text)?.[2] ?? text

/** Reads a hash other than plain bcrypt, without computing it. Never throws, whatever the text. */
export function readHash(text: string): ForeignHash | Refused {
  if (text.length > MAX_LENGTH) return { refused: 'unknown' }
  for (const read of readers) {
    const hash = read(text)
    if (hash) return hash
  }
  return { refused: 'unknown' }
}

export type Judgement =
  | { verdict: 'accepted'; format: string }
  | { verdict: 'no_password' }
  | { verdict: 'refused'; reason: Refused['refused']; format?: string }

/**
 * What an import would do with a stored password: accept it for the next login, create an account without a password
 * (for an empty value or Django's mark of an unusable one), or refuse it. The hash is not computed.
 */
export function judgeHash(text: string | null): Judgement {
  if (text === null || text === '' || UNUSABLE.test(text)) return { verdict: 'no_password' }
  if (unwrapHash(text) !== text) return judgeHash(unwrapHash(text))
  if (/^\$2[abxy]?\$/.test(text)) {
    if (bcryptCost(text) !== undefined) return { verdict: 'accepted', format: 'bcrypt' }
    return { verdict: 'refused', reason: bcryptRefusal(text), format: 'bcrypt' }
  }
  const hash = readHash(text)
  if (!('refused' in hash)) return { verdict: 'accepted', format: hash.format }
  const { refused: reason, format } = hash
  return format === undefined ? { verdict: 'refused', reason } : { verdict: 'refused', reason, format }
}
