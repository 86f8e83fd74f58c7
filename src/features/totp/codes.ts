/** RFC 6238 with the values that authenticator apps use, whatever an address says: SHA-1, 6 digits, 30 seconds. */
const FORM = { algorithm: 'SHA1', digits: 6, period: 30 } as const

/** How many steps a code may be early or late (RFC 6238 section 5.2). */
const WINDOW = 1

/** Bytes. RFC 4226 section 4 recommends 160 bits. */
const SECRET_BYTES = 20

/** Grapheme clusters. An issuer of Hangul takes nine characters of the address for each syllable. */
const ISSUER_MAX_LENGTH = 24

/** A code as a person may type it: with blanks, or with the fullwidth digits of an East Asian keyboard. */
export const plainCode = (typed: string): string => typed.normalize('NFKC').replaceAll(/\s/gu, '')

/** When the last moment of a step is over in which its code is right. Seconds. */
export const endOfStep = (step: number): number => (step + 1 + WINDOW) * FORM.period

/** A new secret, in base32 (RFC 4648 section 6). */
export async function newSecret(): Promise<string> {
  const { Secret } = await import('otpauth/bare')
  return new Secret({ size: SECRET_BYTES }).base32
}

type Known = { secret: string; last_step: number; now: number }

/**
 * The time step that a code proves: the oldest one after `last_step` whose code it is, at most one step from `now`
 * (seconds). Neighbouring steps can have the same code, so every newer step is tried. Undefined if the code is wrong.
 */
export async function stepOf(code: string, { secret, last_step, now }: Known): Promise<number | undefined> {
  const { HOTP, Secret, hmac } = await library()
  const key = { secret: Secret.fromBase32(secret), hmac }
  const current = Math.floor(now / FORM.period)
  for (let step = Math.max(current - WINDOW, last_step + 1); step <= current + WINDOW; step++) {
    if (HOTP.validate({ ...FORM, ...key, token: code, counter: step, window: 0 }) === 0) return step
  }
  return undefined
}

/** The address that an app reads from a QR code. `account` tells the accounts of one issuer apart. */
export async function addressOf(secret: string, named: { issuer: string; account: string }): Promise<string> {
  const { TOTP, Secret, hmac } = await library()
  const [issuer, label] = [short(withoutColons(named.issuer)), withoutColons(named.account)]
  return new TOTP({ ...FORM, issuer, label, secret: Secret.fromBase32(secret), hmac }).toString()
}

/** Apps, and the library itself, take everything before the first colon for the issuer. */
const withoutColons = (text: string): string => text.normalize('NFKC').replaceAll(':', '').trim()

const short = (text: string): string =>
  Array.from(new Intl.Segmenter().segment(text), ({ segment }) => segment)
    .slice(0, ISSUER_MAX_LENGTH)
    .join('')
    .trim()

/** Loaded on demand, because most isolates never need it. The build without hash functions takes a third of the space. */
async function library() {
  const [{ HOTP, Secret, TOTP }, { createHmac }] = await Promise.all([import('otpauth/bare'), import('node:crypto')])
  const hmac = (_: string, key: Uint8Array, message: Uint8Array) => createHmac('sha1', key).update(message).digest()
  return { HOTP, Secret, TOTP, hmac }
}
