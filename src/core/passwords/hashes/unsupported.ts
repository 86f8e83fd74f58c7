import { type Reader, unsupported } from './hash.ts'

/** Formats that are recognized but not verified. Decision 012 says why. */
const KINDS: [begins: RegExp, format: string][] = [
  [/^(argon2)?\$argon2(id?|d)\$/, 'argon2'],
  [/^\$[156y]\$|^\$(md5|sha1)[$,]|^_[./A-Za-z0-9]{19}$/, 'crypt'],
  [/^\$(scrypt|7)\$/, 'scrypt of another maker'],
  [/^\{[A-Z0-9-]{3,20}\}/, 'ldap'],
  [/^(md5|sha1|sha224|sha256|sha384|sha512|unsalted_md5)\$/, 'fast digest'],
  [/^(?=[^]{32,128}$)(?:[0-9a-f]{8})+$/i, 'fast digest'],
]

export const readUnsupported: Reader = (text) => {
  const format = KINDS.find(([begins]) => begins.test(text))?.[1]
  return format === undefined ? undefined : unsupported(format)
}
