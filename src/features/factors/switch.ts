import type { SignedInCall } from '../../core/call.ts'
import { auditRow } from '../../core/events/audit.ts'
import { mailRow } from '../../core/mail/outbox.ts'
import { newRecoveryCodes } from '../../core/users/recovery-codes.ts'
import { askForTwo, demandsTwo, RECOVERY, requireSecondFactors, stopAsking } from '../../core/users/second-factor.ts'
import { undoableMail } from '../../core/users/undo.ts'
import { type Has, isPossession } from '../../core/users/ways.ts'
import { sql } from '../../lib/sql.ts'
import { Problem } from '../../problem.ts'
import { proofOfSession } from '../../signing-in/confirm.ts'
import { rest } from '../../signing-in/rest.ts'
import { mails } from './mails.ts'

/**
 * Makes an account ask for a second factor at every sign-in, and makes its recovery codes, which are shown once. Repeating
 * it after a lost answer makes new codes. The session must be one that may change factors.
 * @throws Problem 403 `second_factors_off`, 409 `no_second_factor`, 401 `invalid_token`, 503 `unavailable`
 */
export async function turnOn(call: SignedInCall): Promise<{ recovery_codes: string[] }> {
  requireSecondFactors(call.settings)
  const proof = await proofOfSession(call)
  const { id: user_id, has } = proof.user
  if (!hasSecond(call, has)) throw new Problem('no_second_factor') // losing the last one raises the epoch of the proof
  const { codes, statements } = await newRecoveryCodes(call)
  const event = { event: 'second_factor_on', user_id, session_id: call.session.id } as const
  await rest(call, proof, async (mine) => [
    sql`SELECT id FROM users WHERE ${mine}`,
    ...statements(mine),
    auditRow(call, event, sql`EXISTS (SELECT 1 FROM users WHERE ${mine})`),
    await mailRow(call, mails.on, mine),
    askForTwo(call, mine), // last, because it raises the epoch
  ])
  return { recovery_codes: codes }
}

/**
 * Stops asking for a second factor, and voids the recovery codes. The session must be one that may change factors.
 * @throws Problem 409 `factor_exists` if the account has an authenticator app, 409 `second_factor_demanded`, 401 `invalid_token`, 503 `unavailable`
 */
export async function turnOff(call: SignedInCall): Promise<void> {
  const proof = await proofOfSession(call)
  const { id: user_id, has, roles, second_factor } = proof.user
  const asks = call.registry.methods.some(({ name, alwaysAsks }) => alwaysAsks && (has[name] ?? 0) > 0)
  if (asks) throw new Problem('factor_exists') // gaining one raises the epoch of the proof
  if (!second_factor) return
  if (demandsTwo(call.settings, roles)) throw new Problem('second_factor_demanded')
  const event = { event: 'second_factor_off', user_id, session_id: call.session.id } as const
  await rest(call, proof, async (mine) => [
    sql`SELECT id FROM users WHERE ${mine}`,
    auditRow(call, event, sql`EXISTS (SELECT 1 FROM users WHERE ${mine})`),
    ...(await undoableMail(call, mails.off, mine, 'second_factor_off')),
    ...stopAsking(mine),
  ])
}

/** Recovery codes only stand in for a factor. */
const hasSecond = ({ registry }: SignedInCall, has: Has): boolean =>
  registry.methods.some((method) => isPossession(method) && method.name !== RECOVERY && (has[method.name] ?? 0) > 0)
