import bcrypt from 'bcryptjs'
import type { ForeignHash, Refused } from './hash.ts'

/** `$2x$` marks hashes of a broken implementation (CVE-2011-2483), which must not be verified. */
const BCRYPT_HASH = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/

/** log2 of the fewest rounds that bcrypt allows. */
export const BCRYPT_MIN_COST = 4

/** A hash that needs more than this (about 5 s of CPU) is hostile or broken, not careful. */
const MAX_COST = 16

/** bcrypt's own Base64. */
const ALPHABET = './ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** The last characters of the salt and of the digest, and the bits in each that are unused. */
const ENDS = [
  { at: 28, unused: 0b1111 }, // 22 characters for 16 bytes
  { at: 59, unused: 0b11 }, // 31 characters for 23 bytes
]

/** log2 of the rounds; undefined if this is not a bcrypt hash that may be computed here. */
export function bcryptCost(hash: string): number | undefined {
  const cost = Number(BCRYPT_HASH.exec(hash)?.[1])
  return cost >= BCRYPT_MIN_COST && cost <= MAX_COST ? cost : undefined
}

/** Why `bcryptCost` rejects a hash that begins like a bcrypt hash. */
export function bcryptRefusal(hash: string): 'too_dear' | 'unsupported' | 'malformed' {
  if (/^\$2x?\$/.test(hash)) return 'unsupported'
  const cost = Number(BCRYPT_HASH.exec(hash)?.[1])
  return cost > MAX_COST && cost <= 31 ? 'too_dear' : 'malformed'
}

/**
 * Compares a password with a hash that `bcryptCost` accepts. Old libraries left arbitrary values in the unused bits of
 * the last characters. Every implementation ignores these bits, and some write them as zero. passlib also clears them
 * at both places.
 */
export function bcryptMatches(password: string, hash: string): Promise<boolean> {
  const chars = Array.from(hash)
  for (const { at, unused } of ENDS) chars[at] = ALPHABET[ALPHABET.indexOf(chars[at]!) & ~unused]!
  return bcrypt.compare(password, chars.join(''))
}

/** Reads a bcrypt hash whose maker first transformed the password with `input`. */
export function bcryptHash(
  format: string,
  hash: string,
  input: (password: string) => string | Promise<string> = (password) => password,
): ForeignHash | Refused {
  const cost = bcryptCost(hash)
  if (cost === undefined) return { refused: bcryptRefusal(hash), format }
  return { format, rounds: 2 ** cost, matches: async (password) => bcryptMatches(await input(password), hash) }
}
