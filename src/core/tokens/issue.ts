import type { Call } from '../call.ts'
import type { Grant } from '../sessions/sessions.ts'
import { type Acr, acrOf } from '../users/ways.ts'
import { accessToken } from './tokens.ts'

/** Signs an access token for a session whose row is written, with the level of the methods that were shown in it. */
export async function issueToken(
  { settings, now, registry }: Call,
  grant: Grant,
): Promise<{ token: string; expires_at: number; acr: Acr }> {
  const names = Object.keys(grant.shown)
  const acr = acrOf(names, registry.methods)
  const amr = registry.methods.filter(({ name }) => names.includes(name)).flatMap((method) => method.amr)
  const claims = { ...grant, acr, amr: acr === 'aal2' ? [...amr, 'mfa'] : amr }
  return { ...(await accessToken(claims, settings, now)), acr }
}
