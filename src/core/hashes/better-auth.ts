import { utf8 } from '../../lib/bytes.ts'
import { fromHex } from './encodings.ts'
import type { Reader } from './hash.ts'
import { scryptHash } from './scrypt.ts'

const HASH = /^([0-9a-f]{32}):([0-9a-f]{128})$/

/** What better-auth writes by itself: `salt:key`. The salt is its hexadecimal text, the password is in NFKC. */
export const readBetterAuth: Reader = (text) => {
  const [, salt, key = ''] = HASH.exec(text) ?? []
  if (salt === undefined) return undefined
  const cost = { N: 16_384, r: 16, p: 1 }
  return scryptHash('better-auth scrypt', { cost, salt: utf8(salt), key: fromHex(key) }, (password) =>
    password.normalize('NFKC'),
  )
}
