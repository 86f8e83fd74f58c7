import type { SignedInCall } from '../../core/call.ts'
import { auditRow } from '../../core/events/audit.ts'
import { askNoMore, methodsOn } from '../../core/users/second-factor.ts'
import { undoableMail } from '../../core/users/undo.ts'
import { hasAnotherWayIn } from '../../core/users/ways.ts'
import { sql } from '../../lib/sql.ts'
import { Problem } from '../../problem.ts'
import { proofOfSession } from '../../signing-in/confirm.ts'
import { rest } from '../../signing-in/rest.ts'
import { mails } from './mails.ts'

/**
 * Removes a passkey of the signed-in user. If it was the last second factor, the account no longer asks for one.
 * @throws Problem 404 `not_found`, 409 `last_way_in`, 401 `invalid_credentials` if the account changed meanwhile, 503
 */
export async function remove(call: SignedInCall, id: string): Promise<void> {
  const { session } = call
  const proof = await proofOfSession(call)
  const own = sql`id = ${id} AND user_id = ${session.user_id}`
  const results = await rest(call, proof, async (mine) => {
    const isLeft = hasAnotherWayIn(methodsOn(call), sql`(SELECT user_verified FROM passkeys WHERE ${own})`)
    const stays = sql`${mine} AND ${isLeft} AND EXISTS (SELECT 1 FROM passkeys WHERE ${own})`
    const isRemoved = sql`EXISTS (SELECT 1 FROM users WHERE ${stays})`
    const event = { event: 'passkey_removed', user_id: session.user_id, session_id: session.id } as const
    return [
      sql`SELECT id, EXISTS (SELECT 1 FROM passkeys WHERE ${own}) AS has FROM users WHERE ${mine}`,
      auditRow(call, event, isRemoved),
      ...(await undoableMail(call, mails.removed, stays, 'factor_removed')),
      sql`DELETE FROM passkeys WHERE ${own} AND ${isRemoved} RETURNING id`, // raises the epoch, so it comes last
      ...askNoMore(call, session.user_id),
    ]
  })
  if (results.at(-3)?.length === 1) return
  const [{ has }] = results[0] as unknown as [{ has: number }]
  throw new Problem(has === 1 ? 'last_way_in' : 'not_found')
}
