import { base64, utf8 } from '../../../lib/bytes.ts'
import { bcryptHash } from './bcrypt-form.ts'
import type { Reader } from './hash.ts'
import { readAs, underRule } from './reading.ts'

/**
 * The hashes of WordPress since 6.8: `$wp` and bcrypt of base64(HMAC-SHA384(password)), with `wp-sha384` as the key.
 * WordPress removes white space around the password first.
 */
export const readWordPress: Reader = (text) => {
  if (!text.startsWith('$wp$')) return undefined
  return underRule(bcryptHash('wordpress bcrypt', text.slice(3), reduced), 'trim', wordPressReadings)
}

/**
 * WordPress adds a backslash before quotes and backslashes in form data (`wp_magic_quotes`). It removes them before
 * most uses, but not from passwords. A password that was set through WP-CLI or the REST API has no backslashes added.
 */
export const wordPressReadings = (password: string): string[] => [
  readAs.trim(password.replace(/['"\\]/g, '\\$&')),
  readAs.trim(password),
]

async function reduced(password: string): Promise<string> {
  const algorithm = { name: 'HMAC', hash: 'SHA-384' }
  const key = await crypto.subtle.importKey('raw', utf8('wp-sha384'), algorithm, false, ['sign'])
  return base64(new Uint8Array(await crypto.subtle.sign('HMAC', key, utf8(password))))
}
