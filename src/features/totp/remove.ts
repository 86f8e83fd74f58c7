import type { SignedInCall } from '../../core/call.ts'
import { auditRow } from '../../core/events/audit.ts'
import { askNoMore } from '../../core/users/second-factor.ts'
import { undoableMail } from '../../core/users/undo.ts'
import { sql } from '../../lib/sql.ts'
import { Problem } from '../../problem.ts'
import { proofOfSession } from '../../signing-in/confirm.ts'
import { rest } from '../../signing-in/rest.ts'
import { mails } from './mails.ts'
import { isConfirmed } from './queries.ts'

/**
 * Removes the app of an account. If it was the last second factor, the account asks for none any more, and its recovery
 * codes are void. The session must be one that may change factors.
 * @throws Problem 404 `not_found`, 401 `invalid_token` when the session has ended, 503 `unavailable`
 */
export async function removeApp(call: SignedInCall): Promise<void> {
  const proof = await proofOfSession(call)
  const { id: user_id } = proof.user
  const has = sql`EXISTS (SELECT 1 FROM totp WHERE user_id = ${user_id} AND ${isConfirmed})`
  const event = { event: 'totp_removed', user_id, session_id: call.session.id } as const
  const [found] = await rest(call, proof, async (mine) => {
    const may = sql`EXISTS (SELECT 1 FROM users WHERE ${mine})`
    return [
      sql`SELECT id, ${has} AS has FROM users WHERE ${mine}`,
      auditRow(call, event, sql`${has} AND ${may}`),
      ...(await undoableMail(call, mails.removed, sql`${mine} AND ${has}`, 'factor_removed')),
      // It raises the epoch, so everything that depends on `mine` comes first.
      sql`DELETE FROM totp WHERE user_id = ${user_id} AND ${isConfirmed} AND ${may}`,
      ...askNoMore(call, user_id),
    ]
  })
  const [row] = found as unknown as { has: number }[]
  if (!row?.has) throw new Problem('not_found')
}
