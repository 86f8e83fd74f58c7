import type { SignedInCall } from '../../core/call.ts'
import { first } from '../../core/d1.ts'
import { type Grant, standing } from '../../core/sessions/sessions.ts'
import { sql } from '../../lib/sql.ts'
import { Problem } from '../../problem.ts'
import { confirm } from '../../signing-in/confirm.ts'
import { replaceSession } from './queries.ts'

/**
 * Replaces the session of a user who shows again who they are with a fresh one.
 * @throws Problem 401 `invalid_credentials`, 401 `invalid_token` when the session has ended, 503 `unavailable`
 */
export async function reauthenticate(call: SignedInCall, shown: object): Promise<Grant> {
  const grant = await replaced(call, shown)
  if (grant) return grant
  // If this session is still live, the user's epoch rose because all other sessions were ended. The new attempt verifies
  // what was shown again.
  const own = sql`SELECT 1 FROM sessions WHERE id = ${call.session.id} AND ${standing(call)}`
  const again = (await first(call.env.DB, own)) === null ? undefined : await replaced(call, shown)
  if (!again) throw new Problem('invalid_token')
  return again
}

/** Undefined if something changed between the proof and the statements that rely on it. */
async function replaced(call: SignedInCall, shown: object): Promise<Grant | undefined> {
  const proof = await confirm(call, shown)
  return replaceSession(call, proof).catch((problem: unknown) => {
    if (problem instanceof Problem && problem.status === 401) return undefined
    throw problem
  })
}
