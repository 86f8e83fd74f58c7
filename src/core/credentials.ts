import * as v from 'valibot'
import type { Config } from '../config.ts'
import { auditRow, type AuditEvent, type Client } from './audit.ts'
import { answerOf } from './d1.ts'
import { checkPassword, upgradedHash } from './passwords.ts'
import { Problem } from './problem.ts'
import { replaceHash, type User, userByEmail } from './users.ts'

/** RFC 5321 allows 254; some more, because addresses in an imported table follow nobody's rule. */
const EMAIL_MAX_LENGTH = 320

const CONTROL_CHARACTER = /\p{Cc}/u

/**
 * The shape of an email and a password that somebody types to sign in. What is no address gets the answer of an unknown one; only
 * what no account can hold is refused here: NUL ends a password for other bcrypts, a lone surrogate has no UTF-8.
 */
export const credentials = v.object({
  email: v.pipe(
    v.string(),
    v.nonEmpty('required'),
    v.maxLength(EMAIL_MAX_LENGTH, 'too_long'),
    v.check((text) => text.isWellFormed() && !CONTROL_CHARACTER.test(text), 'malformed'),
  ),
  password: v.pipe(
    v.string(),
    v.nonEmpty('required'),
    v.check((text) => text.isWellFormed() && !text.includes('\0'), 'malformed'),
  ),
})

export type Credentials = v.InferOutput<typeof credentials>

/** Somebody who has just shown the right password, with the writes that signing in should carry along. */
export type Authenticated = { user: User; alongside: D1PreparedStatement[] }

/**
 * Checks an email and a password. An unknown address, a wrong password and a broken hash are one and the same to the
 * caller, in bytes and in time; only a right password learns that the account is disabled or not confirmed.
 * @throws Problem 401 `invalid_credentials`, 403 `account_disabled`, 403 `email_not_verified`, 503 `unavailable`
 */
export async function authenticate(
  db: D1Database,
  config: Config,
  { email, password }: Credentials,
  client: Client,
  now: number,
): Promise<Authenticated> {
  const user = await userByEmail(db, email)
  const result = await checkPassword(password, user, config.BCRYPT_COST)
  const refuse = async (code: ConstructorParameters<typeof Problem>[0], reason: AuditEvent['reason'] & string) => {
    await answerOf(auditRow(db, { event: 'login_failed', reason, user_id: user?.id }, client, now).run())
    return new Problem(code)
  }
  if (!user) throw await refuse('invalid_credentials', 'unknown_email')
  if (result === 'unreadable') throw await refuse('invalid_credentials', 'unreadable_hash')
  if (result === 'mismatch') throw await refuse('invalid_credentials', 'wrong_password')
  if (user.disabled_at !== null) throw await refuse('account_disabled', 'account_disabled')
  if (!user.email_verified) throw await refuse('email_not_verified', 'email_not_verified')
  const hash = await upgradedHash(password, user, config.BCRYPT_COST)
  return { user, alongside: hash === undefined ? [] : [replaceHash(db, user, hash)] }
}
