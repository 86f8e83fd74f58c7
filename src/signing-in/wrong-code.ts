import type { Call } from '../core/call.ts'
import { batch } from '../core/d1.ts'
import { auditRow } from '../core/events/audit.ts'
import { Problem } from '../problem.ts'

/** Records a wrong code, and returns its refusal. @throws Problem 503 `unavailable` */
export async function wrongCode(call: Call, user_id: number | null): Promise<Problem> {
  await batch(call.env.DB, [auditRow(call, { event: 'login_failed', reason: 'wrong_code', user_id })])
  return new Problem('invalid_code')
}
