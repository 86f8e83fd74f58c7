import type { SignedInCall } from '../../core/call.ts'
import { batch } from '../../core/d1.ts'
import { auditRow } from '../../core/events/audit.ts'
import { sql } from '../../lib/sql.ts'
import { Problem } from '../../problem.ts'
import { LISTED, type ListedPasskey } from './queries.ts'

/** Gives a passkey of the signed-in user another name. @throws Problem 404 `not_found`, 503 `unavailable` */
export async function rename(call: SignedInCall, { id, name }: { id: string; name: string }): Promise<ListedPasskey> {
  const { user_id, id: session_id } = call.session
  const own = sql`id = ${id} AND user_id = ${user_id}`
  const [rows] = await batch<ListedPasskey>(call.env.DB, [
    sql`UPDATE passkeys SET name = ${name} WHERE ${own} RETURNING ${LISTED}`,
    auditRow(
      call,
      { event: 'passkey_renamed', user_id, session_id },
      sql`EXISTS (SELECT 1 FROM passkeys WHERE ${own})`,
    ),
  ])
  const [passkey] = rows ?? []
  if (!passkey) throw new Problem('not_found')
  return passkey
}
