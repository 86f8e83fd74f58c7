import { utf8 } from '../../../lib/bytes.ts'
import { fromHex } from './encodings.ts'
import type { Reader } from './hash.ts'
import { readAs, underRule } from './reading.ts'
import { scryptHash } from './scrypt.ts'

const HASH = /^([0-9a-f]{32}):([0-9a-f]{128})$/

/**
 * better-auth's default format: `salt:key`. The hexadecimal text of the salt is used as its bytes. The password is in
 * NFKC.
 */
export const readBetterAuth: Reader = (text) => {
  const [, salt, key = ''] = HASH.exec(text) ?? []
  if (salt === undefined) return undefined
  const cost = { N: 16_384, r: 16, p: 1 }
  const hash = scryptHash('better-auth scrypt', { cost, salt: utf8(salt), key: fromHex(key) }, readAs.nfkc)
  return underRule(hash, 'nfkc')
}
