import type { Call, SignedInCall } from '../../core/call.ts'
import { auditRow } from '../../core/events/audit.ts'
import { newRecoveryCodes } from '../../core/users/recovery-codes.ts'
import { askForTwo } from '../../core/users/second-factor.ts'
import { factor, undoableMail } from '../../core/users/undo.ts'
import type { Session } from '../../core/sessions/session.ts'
import type { Former } from '../../core/sessions/sessions.ts'
import { type Sql, sql } from '../../lib/sql.ts'
import { Problem } from '../../problem.ts'
import { proofOfSession } from '../../signing-in/confirm.ts'
import { enrolling } from '../../signing-in/enrol.ts'
import { finish, type SignedIn } from '../../signing-in/finish.ts'
import { combine } from '../../signing-in/prove.ts'
import { rest } from '../../signing-in/rest.ts'
import { mails } from './mails.ts'
import { proveCode, TOTP } from './prove.ts'
import { appOf, isPending } from './queries.ts'

/** Shown once. The old ones are void. */
type Codes = { recovery_codes: string[] }

/**
 * Confirms the app that waits for its first code. The account asks for a second factor from now on.
 * @throws Problem 401 `invalid_code`, 404 `not_found` if no app waits, 429, 503 `not_ready` or `unavailable`
 */
export async function confirmEnrolment(call: SignedInCall, code: string): Promise<Codes> {
  const { session } = call
  const { user, holds } = await proofOfSession(call)
  await requirePending(call, user.id)
  const who = { user_id: user.id, session_id: session.id }
  const proof = await proveCode(call, { user, code, state: isPending(call.now), who, session })
  const { codes, statements } = await newRecoveryCodes(call)
  const both = { ...proof, holds: sql`${holds} AND ${proof.holds}` }
  const write = async (mine: Sql) => [
    ...(await confirmed(call, { user_id: user.id, mine, session })),
    ...statements(mine),
  ]
  await rest(call, both, write).catch(isUsed)
  return { recovery_codes: codes }
}

/**
 * The same in a sign-in that the settings demand a second factor of, which it ends: the app, the session and the recovery
 * codes are one batch. `instead`: the former session of this browser.
 * @throws Problem 401 `invalid_code` or `invalid_ticket`, 429, 503 `not_ready` or `unavailable`
 */
export async function confirmInSignIn(
  call: Call,
  { ticket: text, code }: { ticket: string; code: string },
  instead?: Former,
): Promise<SignedIn & Codes> {
  const { proof, ticket } = await enrolling(call, text, TOTP)
  const { user } = proof
  await requirePending(call, user.id)
  const shown = await proveCode(call, { user, code, state: isPending(call.now), device_token: ticket.device_token })
  const { codes, statements } = await newRecoveryCodes(call)
  const also = async (mine: Sql) => [...(await confirmed(call, { user_id: user.id, mine })), ...statements(mine)]
  const signedIn = await finish(call, combine(proof, shown), { ticket, instead, also })
  return { ...signedIn, recovery_codes: codes }
}

/** A code for nothing is no guess. */
async function requirePending({ env, now }: Call, user_id: number): Promise<void> {
  if (!(await appOf(env.DB, user_id, isPending(now)))) throw new Problem('not_found')
}

/** If the session still stands, another answer with the same code came first. */
function isUsed(problem: unknown): never {
  throw problem instanceof Problem && problem.code === 'invalid_credentials' ? new Problem('invalid_code') : problem
}

type Confirmed = { user_id: number; mine: Sql; session?: Session }

/** The statements that turn the app on. `mine` stays true when they raise the epoch, because it asks for a claim. */
async function confirmed(call: Call, { user_id, mine, session }: Confirmed): Promise<Sql[]> {
  const event = { event: 'totp_added', user_id, session_id: session?.id ?? null } as const
  const isMine = sql`EXISTS (SELECT 1 FROM users WHERE ${mine})`
  const added = factor(TOTP, sql`(SELECT totp.id FROM totp WHERE user_id = users.id)`)
  return [
    sql`UPDATE totp SET confirmed_at = ${call.now}
      WHERE user_id = ${user_id} AND confirmed_at IS NULL AND ${isMine} RETURNING user_id AS id`,
    askForTwo(call, mine),
    auditRow(call, event, isMine),
    ...(await undoableMail(call, mails.added, mine, 'factor_added', added)),
  ]
}
