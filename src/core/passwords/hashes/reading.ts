import { bcryptCost, bcryptHash } from './bcrypt-form.ts'
import { readDjango } from './django.ts'
import { type ForeignHash, malformed, type Reader, type Reading, type Refused } from './hash.ts'

/** What each rule hashes for a typed password. */
export const readAs: Record<Reading, (password: string) => string> = {
  nfkc: (password) => password.normalize('NFKC'),
  trim: trimmed,
}

/** The characters that PHP's `trim` removes. */
const WHITE_SPACE = ' \t\n\r\0\v'

/** Linear time. A regular expression would retry each run of white space from each of its positions. */
function trimmed(password: string): string {
  let [start, end] = [0, password.length]
  while (start < end && WHITE_SPACE.includes(password[start]!)) start++
  while (start < end && WHITE_SPACE.includes(password[end - 1]!)) end--
  return password.slice(start, end)
}

/** Adds to a hash the rule by which its maker read passwords, and its `readings` if there are several. */
export const underRule = (
  hash: ForeignHash | Refused,
  reading: Reading,
  readings = (password: string) => [readAs[reading](password)],
): ForeignHash | Refused => ('refused' in hash ? hash : { ...hash, reading, readings })

/**
 * Reads a hash that replaced one whose maker had a rule: `nfkc:` or `trim:`, followed by bcrypt or Django's
 * `bcrypt_sha256$`. Without the rule, a spelling that opened the account before would stop working.
 */
export const readUnderRule: Reader = (text) => {
  const [, reading, hash = ''] = /^(nfkc|trim):(.*)$/s.exec(text) ?? []
  if (reading === undefined) return undefined
  const format = `bcrypt ${reading}`
  const kept = hash.startsWith('$') ? bcryptHash(format, hash) : readDjango(hash)
  if (!kept || 'refused' in kept) return malformed(format)
  const keptCost = kept.keptCost ?? bcryptCost(hash)
  return keptCost === undefined ? malformed(format) : underRule({ ...kept, format, keptCost }, reading as Reading)
}
