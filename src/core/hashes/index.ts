/** Password hashes that other systems made: bcrypt is ours, and stands in core/passwords.ts. */
import { bcryptCost, bcryptRefusal } from './bcrypt.ts'
import { readBetterAuth } from './better-auth.ts'
import { readDjango } from './django.ts'
import { readFirebase } from './firebase.ts'
import type { ForeignHash, Refused } from './hash.ts'
import { readPasslib } from './passlib.ts'
import { readUnsupported } from './unsupported.ts'
import { readWerkzeug } from './werkzeug.ts'

export type { ForeignHash, Refused } from './hash.ts'
export { firebaseHash, type FirebaseParts } from './firebase.ts'

const readers = [readWerkzeug, readDjango, readPasslib, readFirebase, readBetterAuth, readUnsupported]

/** Characters. The longest that anybody writes is Firebase's, with its signer key: some 260. */
const MAX_LENGTH = 600

/** What Django keeps for a user who cannot sign in with a password; 40 random characters since 1.6. */
const UNUSABLE = /^!([A-Za-z0-9]{40})?$/

/** Reads a hash that is not bcrypt's own, without doing its work. Never throws, whatever the text. */
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
 * What would become of a stored password that is to be imported: compared at the next login, an account without a
 * password (nothing, or Django's mark of an unusable one), or refused. It does not compute the hash.
 */
export function judgeHash(text: string | null): Judgement {
  if (text === null || text === '' || UNUSABLE.test(text)) return { verdict: 'no_password' }
  if (/^\$2[abxy]?\$/.test(text)) {
    if (bcryptCost(text) !== undefined) return { verdict: 'accepted', format: 'bcrypt' }
    return { verdict: 'refused', reason: bcryptRefusal(text), format: 'bcrypt' }
  }
  const hash = readHash(text)
  if (!('refused' in hash)) return { verdict: 'accepted', format: hash.format }
  const { refused: reason, format } = hash
  return format === undefined ? { verdict: 'refused', reason } : { verdict: 'refused', reason, format }
}
