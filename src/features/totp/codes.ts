import { randomText } from '../../lib/bytes.ts'
import { isSameSecret } from '../../lib/secret.ts'

/** RFC 6238 with the values that authenticator apps use, whatever an address says: SHA-1, 6 digits, 30 seconds. */
const [HMAC, DIGITS, PERIOD] = [{ name: 'HMAC', hash: 'SHA-1' }, 6, 30]

/** How many steps a code may be early or late (RFC 6238 section 5.2). */
const WINDOW = 1

/** RFC 4648 section 6. */
const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** 160 bits, as RFC 4226 section 4 recommends. */
const SECRET_LETTERS = 32

/** Grapheme clusters. An issuer of Hangul takes nine characters of the address for each syllable. */
const ISSUER_MAX_LENGTH = 24

/** A code as a person may type it: with blanks, or with the fullwidth digits of an East Asian keyboard. */
export const plainCode = (typed: string): string => typed.normalize('NFKC').replaceAll(/\s/gu, '')

/** When the last moment of a step is over in which its code is right. Seconds. */
export const endOfStep = (step: number): number => (step + 1 + WINDOW) * PERIOD

/** A new secret, in base32. */
export const newSecret = (): string => randomText(BASE32, SECRET_LETTERS)

/** The bytes of a secret. */
function bytesOf(secret: string): Uint8Array<ArrayBuffer> {
  const bits = Array.from(secret, (letter) => BASE32.indexOf(letter).toString(2).padStart(5, '0')).join('')
  return Uint8Array.from(bits.match(/.{8}/g) ?? [], (byte) => Number.parseInt(byte, 2))
}

/** The code of a time step (RFC 4226 section 5.3). */
async function codeOf(key: CryptoKey, step: number): Promise<string> {
  const counter = new DataView(new ArrayBuffer(8))
  counter.setBigUint64(0, BigInt(step))
  const mac = new DataView(await crypto.subtle.sign('HMAC', key, counter))
  const number = mac.getUint32(mac.getUint8(mac.byteLength - 1) & 15) & 0x7fffffff
  return String(number % 10 ** DIGITS).padStart(DIGITS, '0')
}

type Known = { secret: string; last_step: number; now: number }

/**
 * The time step that a code proves: the oldest one after `last_step` whose code it is, at most one step from `now`
 * (seconds). Neighbouring steps can have the same code, so every newer step is tried. Undefined if the code is wrong.
 */
export async function stepOf(code: string, { secret, last_step, now }: Known): Promise<number | undefined> {
  const key = await crypto.subtle.importKey('raw', bytesOf(secret), HMAC, false, ['sign'])
  const current = Math.floor(now / PERIOD)
  for (let step = Math.max(current - WINDOW, last_step + 1); step <= current + WINDOW; step++) {
    if (await isSameSecret(await codeOf(key, step), code)) return step
  }
  return undefined
}

/** The address that an app reads from a QR code. `account` tells the accounts of one issuer apart. */
export function addressOf(secret: string, named: { issuer: string; account: string }): string {
  const [issuer, account] = [short(withoutColons(named.issuer)), withoutColons(named.account)].map(encodeURIComponent)
  const form = `secret=${secret}&algorithm=SHA1&digits=${DIGITS}&period=${PERIOD}`
  return `otpauth://totp/${issuer ? `${issuer}:${account}?issuer=${issuer}&` : `${account}?`}${form}`
}

/** Apps take everything before the first colon for the issuer. */
const withoutColons = (text: string): string => text.normalize('NFKC').replaceAll(':', '').trim()

const short = (text: string): string =>
  Array.from(new Intl.Segmenter().segment(text), ({ segment }) => segment)
    .slice(0, ISSUER_MAX_LENGTH)
    .join('')
    .trim()
