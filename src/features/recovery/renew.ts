import type { SignedInCall } from '../../core/call.ts'
import { auditRow } from '../../core/events/audit.ts'
import { mailRow } from '../../core/mail/outbox.ts'
import { newRecoveryCodes } from '../../core/users/recovery-codes.ts'
import { sql } from '../../lib/sql.ts'
import { Problem } from '../../problem.ts'
import { proofOfSession } from '../../signing-in/confirm.ts'
import { rest } from '../../signing-in/rest.ts'
import { mails } from './mails.ts'

/**
 * Makes ten new recovery codes, which are shown once. The old ones are void. The session must be one that may change
 * factors.
 * @throws Problem 409 `no_second_factor`, 401 `invalid_token` when the session has ended, 503 `unavailable`
 */
export async function renewCodes(call: SignedInCall): Promise<{ recovery_codes: string[] }> {
  const proof = await proofOfSession(call)
  const { id: user_id, second_factor } = proof.user
  if (!second_factor) throw new Problem('no_second_factor') // switching it on or off raises the epoch of the proof
  const { codes, statements } = await newRecoveryCodes(call)
  const event = { event: 'recovery_renewed', user_id, session_id: call.session.id } as const
  await rest(call, proof, async (mine) => [
    sql`SELECT id FROM users WHERE ${mine}`,
    ...statements(mine),
    auditRow(call, event, sql`EXISTS (SELECT 1 FROM users WHERE ${mine})`),
    await mailRow(call, mails.renewed, mine),
  ])
  return { recovery_codes: codes }
}
