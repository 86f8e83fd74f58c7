import type { Call } from '../../core/call.ts'
import { batch } from '../../core/d1.ts'
import { auditRow } from '../../core/events/audit.ts'
import type { Ticket } from '../../core/ticket.ts'
import type { User } from '../../core/users/users.ts'
import { verificationMail } from '../../core/users/verification.ts'
import { admitMail } from '../../doorkeeper/rpc.ts'
import { type Sql, sql } from '../../lib/sql.ts'
import { Problem } from '../../problem.ts'
import { claimOf } from '../../signing-in/spent.ts'

type Reason = 'unknown_passkey' | 'wrong_passkey' | 'account_disabled' | 'email_not_verified'

/** Spends the challenge of a refused attempt, and records the first attempt with it. @throws Problem 503 `unavailable` */
async function spend(call: Call, { id, until }: Ticket, { reason, user_id }: Cause, along: Sql[] = []): Promise<void> {
  const { claim, claimed } = claimOf([{ id, until }], sql`TRUE`)
  const audit = auditRow(call, { event: 'login_failed', reason, user_id }, claimed)
  await batch(call.env.DB, [claim, audit, ...along])
}

type Cause = { reason: Reason; user_id: number | undefined }

/**
 * The one answer to every assertion that is not right. Where the credential is not known here, it says so, because the
 * browser can then tell the password manager to drop it. That helps no attacker: nobody else knows the id of a credential.
 */
export async function refuse(call: Call, ticket: Ticket, cause: Cause): Promise<Problem> {
  await spend(call, ticket, cause)
  const members = cause.reason === 'unknown_passkey' ? { unknown_credential: true } : {}
  return new Problem('invalid_credentials', { members })
}

/** The answer to the right passkey of an account that may not sign in. If its address is unconfirmed, the link is mailed again. */
export async function refuseAccount(call: Call, user: User, ticket: Ticket): Promise<Problem> {
  const code = user.disabled_at === null ? 'email_not_verified' : 'account_disabled'
  const isDue = code === 'email_not_verified' && (await admitMail(call, user.email))
  const mail = isDue ? await verificationMail(call, sql`id = ${user.id}`) : []
  await spend(call, ticket, { reason: code, user_id: user.id }, mail)
  return new Problem(code)
}
