import type { Config } from '../config.ts'
import { type Sql, sql } from '../lib/sql.ts'
import type { Client } from './audit.ts'
import { issueOneTime, newOneTimeToken } from './one-time.ts'
import { mailRow } from './outbox.ts'

/**
 * The statements that mail a fresh link to a user who has not confirmed the address yet: one that confirms it, or, where
 * no password is left because two people registered, one that sets a password.
 */
export async function verificationMail(config: Config, users: Sql, client: Client, now: number): Promise<Sql[]> {
  const [verify, reset] = [await newOneTimeToken(), await newOneTimeToken()]
  const waiting = sql`${users} AND email_verified = 0 AND disabled_at IS NULL`
  const withPassword = sql`${waiting} AND hashed_password IS NOT NULL`
  const without = sql`${waiting} AND hashed_password IS NULL`
  const mail = { language: client.language, now }
  return [
    issueOneTime('verify', verify.hash, now, withPassword),
    issueOneTime('reset', reset.hash, now, without),
    await mailRow(config, { ...mail, kind: 'verify', token: verify.token }, withPassword),
    await mailRow(config, { ...mail, kind: 'finish_registration', token: reset.token }, without),
  ]
}
