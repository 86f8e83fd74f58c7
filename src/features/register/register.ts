import type { Call } from '../../core/call.ts'
import { auditRow } from '../../core/events/audit.ts'
import { type Credentials, refuseCommon } from '../../core/passwords/credentials.ts'
import { batch } from '../../core/d1.ts'
import { issueOneTime, newOneTimeToken } from '../../core/users/one-time.ts'
import { mailRow, requireLinks } from '../../core/mail/outbox.ts'
import { Problem } from '../../problem.ts'
import { REGISTRATION_WAITS_SECONDS } from '../../core/users/registrations.ts'
import { admitMail, hashFor } from '../../doorkeeper/rpc.ts'
import { sql } from '../../lib/sql.ts'
import { mails as verification } from '../../core/users/mails.ts'
import { isKept } from '../../core/users/undo.ts'
import { mails } from './mails.ts'

/**
 * Registers an address, or notifies its owner that someone tried. The work and the response are the same in every case.
 *
 * A new address gets a link that confirms it, and the registration expires if nobody does. An address that was
 * registered before but never confirmed may have been registered by someone who does not own it. So a second
 * registration voids both passwords, and only a link to the mailbox sets a new one (Sudhodanan and Paverd 2022,
 * "pre-hijacking"). An address with a confirmed account gets a notice. An address that is kept free for the account that
 * had it until recently gets nothing.
 * @throws Problem 403 `registration_closed`, 422 `invalid_body`, 503 `unavailable`
 */
export async function register(call: Call, { email, password }: Credentials): Promise<void> {
  const { env, settings, origin, now } = call
  if (settings.REGISTRATION === 'closed') throw new Problem('registration_closed')
  requireLinks(settings)
  await refuseCommon(password, email, settings)
  const hash = await hashFor(call, { email, password, stranger: true })
  if (!(await admitMail(call, email))) {
    // Without a mail nothing may change: a registration that voids an earlier one must send the link that completes it.
    await batch(env.DB, [auditRow(call, { event: 'registered', reason: 'mail_limit' })])
    return
  }
  const [verify, reset] = [await newOneTimeToken(), await newOneTimeToken()]

  const address = sql`canonical_email = ${email}`
  const fresh = sql`${address} AND hashed_password IS ${hash}` // the salt is unique to this request
  const unconfirmed = sql`${address} AND email_verified = 0 AND hashed_password IS NOT ${hash}`
  const waiting = sql`${unconfirmed} AND disabled_at IS NULL`
  const confirmed = sql`${address} AND email_verified = 1`
  const user_id = sql`(SELECT id FROM users WHERE ${address})`
  const until = now + REGISTRATION_WAITS_SECONDS
  await batch(env.DB, [
    sql`INSERT INTO users
      (email, hashed_password, password_set_at, email_verified, language, created_at, unconfirmed_until)
      SELECT ${email}, ${hash}, ${now}, 0, ${origin.language}, ${now}, ${until} WHERE NOT ${isKept(call, email)}
      ON CONFLICT DO NOTHING`,
    sql`UPDATE users SET hashed_password = NULL, password_set_at = NULL,
        unconfirmed_until = iif(unconfirmed_until IS NULL, NULL, ${until})
      WHERE ${unconfirmed}`,
    sql`DELETE FROM one_time_tokens WHERE user_id = (SELECT id FROM users WHERE ${unconfirmed})`,
    issueOneTime(call, 'verify', verify.hash, fresh),
    issueOneTime(call, 'reset', reset.hash, waiting),
    await mailRow(call, verification.verify, fresh, { token: verify.token }),
    await mailRow(call, verification.finishRegistration, waiting, { token: reset.token }),
    await mailRow(call, mails.alreadyRegistered, confirmed),
    auditRow(call, { event: 'registered', user_id }, sql`EXISTS (SELECT 1 FROM users WHERE ${fresh})`),
    auditRow(
      call,
      { event: 'registered', reason: 'known_email', user_id },
      sql`NOT EXISTS (SELECT 1 FROM users WHERE ${fresh})`,
    ),
  ])
}
