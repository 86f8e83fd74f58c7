import type { SignedInCall } from '../../core/call.ts'
import { withdrawConsent } from '../../core/clients/consents.ts'
import { Problem } from '../../problem.ts'

/**
 * Takes back what the signed-in user allowed an application, and ends its sessions of this user.
 * @throws Problem 404 `not_found` if there is nothing to take back, 503 `unavailable`
 */
export async function withdraw(call: SignedInCall, client_id: string): Promise<void> {
  const { user_id } = call.session
  if (!(await withdrawConsent(call, { user_id, client_id }))) throw new Problem('not_found')
}
