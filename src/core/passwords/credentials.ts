import * as v from 'valibot'
import type { Config } from '../../config.ts'
import { canonicalEmail } from '../../lib/email.ts'
import { isBreached } from './breaches.ts'
import { isCommonPassword } from './common-passwords.ts'
import { dressedWord, isGuessable } from './guessable.ts'
import { Problem } from '../../problem.ts'

/** RFC 5321 section 4.5.3.1.3. */
const EMAIL_MAX_LENGTH = 254

/** More is allowed at login, because addresses in an imported table follow no rule. */
const TYPED_EMAIL_MAX_LENGTH = 320

/**
 * Code points. NIST SP 800-63B-4 section 3.1.1.2 requires at least 8, and that 64 are allowed. A setting may require
 * more.
 */
const PASSWORD_MIN_LENGTH = 8
const PASSWORD_MAX_LENGTH = 256

const CONTROL_CHARACTER = /\p{Cc}/u

/** Characters without width or that change the direction of text. UTS 46 silently drops some of them from a domain. */
const FORMAT_CHARACTER = /\p{Cf}/u

/** ASCII only: atoms as in RFC 5322 section 3.2.3, labels as in RFC 1123 section 2.1. */
const ADDRESS =
  /^[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/

/** No account can have such a password: NUL ends it in other bcrypt libraries, and a lone surrogate has no UTF-8. */
const typedPassword = v.pipe(
  v.string(),
  v.nonEmpty('required'),
  v.check((text) => text.isWellFormed() && !text.includes('\0'), 'malformed'),
)

/** Trimmed, because keyboards and password managers add white space. */
const typedEmail = v.pipe(
  v.string(),
  v.trim(),
  v.nonEmpty('required'),
  v.maxLength(TYPED_EMAIL_MAX_LENGTH, 'too_long'),
  v.check((text) => text.isWellFormed() && !CONTROL_CHARACTER.test(text), 'malformed'),
)

/** An email and a password for signing in. Text that is not an address gets the same response as an unknown address. */
export const credentials = v.object({
  email: typedEmail,
  password: typedPassword,
  /** From an earlier login of this device. */
  device_token: v.optional(v.pipe(v.string(), v.maxLength(128, 'too_long'))),
  /** A solved challenge, where the service asks for one. */
  turnstile_token: v.optional(v.pipe(v.string(), v.maxLength(2_048, 'too_long'))),
})
export type Credentials = v.InferOutput<typeof credentials>

/** The password of a signed-in user. */
export const confirmation = v.object({ password: typedPassword })

/** An address that mail can be sent to, in its canonical spelling. */
export const emailAddress = v.pipe(
  typedEmail,
  v.check((text) => !FORMAT_CHARACTER.test(text), 'malformed'),
  v.transform(canonicalEmail),
  v.check((text) => text.length <= EMAIL_MAX_LENGTH && text.indexOf('@') <= 64 && ADDRESS.test(text), 'malformed'),
)

/** A new password: any characters in any combination. `refuseCommon` checks whether it is easy to guess. */
export const newPassword = v.pipe(
  typedPassword,
  v.transform((text) => text.normalize('NFC')), // normalized as for hashing, so both spellings follow one rule
  v.check((text) => Array.from(text).length >= PASSWORD_MIN_LENGTH, 'too_short'),
  v.check((text) => Array.from(text).length <= PASSWORD_MAX_LENGTH, 'too_long'),
)

/**
 * Refuses a password that is shorter than `PASSWORD_MIN_LENGTH` or that guessers try first: a common one, one with a
 * simple pattern, one built from what is known about the person and the service, or, if configured, one found in a
 * breach.
 * @throws Problem 422 `invalid_body` with the code `too_short`, `too_common` or `breached`
 */
export async function refuseCommon(password: string, email: string, config: Config, field = 'password'): Promise<void> {
  const refuse = (code: 'too_short' | 'too_common' | 'breached') => {
    throw new Problem('invalid_body', { errors: [{ field, code }] })
  }
  if (Array.from(password).length < config.PASSWORD_MIN_LENGTH) refuse('too_short')
  if (isGuessable(password, wordsAbout(email, config))) refuse('too_common')
  const dressed = dressedWord(password)
  if ((await isCommonPassword(password)) || (dressed && (await isCommonPassword(dressed)))) refuse('too_common')
  if (await isBreached(password, config)) refuse('breached')
}

/** The address and its parts, whole and separate, without the last label; the name of the service; our own name. */
function wordsAbout(email: string, { APP_NAME }: Config): string[] {
  const at = email.lastIndexOf('@')
  const [local, labels] = [
    email.slice(0, at),
    email
      .slice(at + 1)
      .split('.')
      .slice(0, -1),
  ]
  const parts = local.split(/[._+-]/)
  const name = APP_NAME.normalize('NFKC')
  const words = [email, local, parts.join(''), ...parts, ...labels, name, name.replaceAll(/\s/g, ''), 'latchkey']
  return words.map((word) => word.toLowerCase())
}
