import * as v from 'valibot'
import type { Config } from '../config.ts'
import { canonicalEmail } from '../lib/email.ts'
import { isCommonPassword } from './common-passwords.ts'
import { Problem } from './problem.ts'

/** RFC 5321 section 4.5.3.1.3. */
const EMAIL_MAX_LENGTH = 254

/** Some more at login, because addresses in an imported table follow nobody's rule. */
const TYPED_EMAIL_MAX_LENGTH = 320

/** Code points. NIST SP 800-63B-4 section 3.1.1.2 asks for no less than 8, and for 64 to be allowed. */
const PASSWORD_MIN_LENGTH = 8
const PASSWORD_MAX_LENGTH = 256

const CONTROL_CHARACTER = /\p{Cc}/u

/** Of no width, or turning the direction: UTS 46 drops some of them from a domain without a word. */
const FORMAT_CHARACTER = /\p{Cf}/u

/** ASCII, as RFC 5322 section 3.2.3 writes an atom, and labels as RFC 1123 section 2.1 does. */
const ADDRESS =
  /^[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/

/** NUL ends a password for other bcrypts, and a lone surrogate has no UTF-8: no account can have such a one. */
const typedPassword = v.pipe(
  v.string(),
  v.nonEmpty('required'),
  v.check((text) => text.isWellFormed() && !text.includes('\0'), 'malformed'),
)

const typedEmail = v.pipe(
  v.string(),
  v.nonEmpty('required'),
  v.maxLength(TYPED_EMAIL_MAX_LENGTH, 'too_long'),
  v.check((text) => text.isWellFormed() && !CONTROL_CHARACTER.test(text), 'malformed'),
)

/** An email and a password that somebody types to sign in. What is no address gets the answer of an unknown one. */
export const credentials = v.object({
  email: typedEmail,
  password: typedPassword,
  /** From an earlier login of this device. */
  device_token: v.optional(v.pipe(v.string(), v.maxLength(128, 'too_long'))),
  /** A solved challenge, where the service asks for one. */
  turnstile_token: v.optional(v.pipe(v.string(), v.maxLength(2_048, 'too_long'))),
})
export type Credentials = v.InferOutput<typeof credentials>

/** The password of somebody who is signed in already. */
export const confirmation = v.object({ password: typedPassword })

/** An address that mail can be sent to, in its one canonical spelling. */
export const emailAddress = v.pipe(
  typedEmail,
  v.check((text) => !FORMAT_CHARACTER.test(text), 'malformed'),
  v.transform(canonicalEmail),
  v.check((text) => text.length <= EMAIL_MAX_LENGTH && text.indexOf('@') <= 64 && ADDRESS.test(text), 'malformed'),
)

/** A password to be set. Any characters, in any composition; what is too easily guessed is told by `refuseCommon`. */
export const newPassword = v.pipe(
  typedPassword,
  v.transform((text) => text.normalize('NFC')), // as it is hashed: one rule for both spellings
  v.check((text) => Array.from(text).length >= PASSWORD_MIN_LENGTH, 'too_short'),
  v.check((text) => Array.from(text).length <= PASSWORD_MAX_LENGTH, 'too_long'),
)

/**
 * Refuses a password that everybody tries first: a common one, the address itself or its local part, the service's name.
 * @throws Problem 422 `invalid_body` with the code `too_common`
 */
export async function refuseCommon(password: string, email: string, config: Config, field = 'password'): Promise<void> {
  const lowered = password.toLowerCase()
  const obvious = [email, email.slice(0, email.lastIndexOf('@')), config.APP_NAME, 'latchkey']
  if (obvious.some((word) => word.toLowerCase() === lowered) || (await isCommonPassword(password))) {
    throw new Problem('invalid_body', { errors: [{ field, code: 'too_common' }] })
  }
}
