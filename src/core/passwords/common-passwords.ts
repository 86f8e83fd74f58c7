import { utf8 } from '../../lib/bytes.ts'
import { FILTER, HASHES } from './common-passwords.data.ts'

let filter: Uint8Array | undefined

/**
 * Whether a password is one of the most common ones, ignoring case. The list is a Bloom filter of 5 kB. It finds all of
 * them, and mistakes one other password in 500 for one of them; its owner then chooses another.
 */
export async function isCommonPassword(password: string): Promise<boolean> {
  filter ??= Uint8Array.from(atob(FILTER), (char) => char.charCodeAt(0))
  const digest = new DataView(await crypto.subtle.digest('SHA-256', utf8(password.toLowerCase())))
  for (let i = 0; i < HASHES; i++) {
    const bit = digest.getUint32(i * 4) % (filter.length * 8)
    if (((filter[bit >> 3] ?? 0) & (1 << (bit & 7))) === 0) return false
  }
  return true
}
