import type { Call, Registry } from '../call.ts'
import type { Grant, Shown } from '../sessions/sessions.ts'
import { type Acr, acrOf } from '../users/ways.ts'
import { accessToken } from './tokens.ts'

/** Signs an access token for a session whose row is written, with the level of the methods that were shown in it. */
export async function issueToken(
  { settings, now, registry }: Call,
  grant: Grant,
): Promise<{ token: string; expires_at: number; acr: Acr }> {
  const level = levelOf(registry, grant.shown)
  return { ...(await accessToken({ ...grant, ...level }, settings, now)), acr: level.acr }
}

/** The level of a session, and its methods as RFC 8176 names them, given what was shown in it. */
export function levelOf({ methods }: Pick<Registry, 'methods'>, shown: Shown): { acr: Acr; amr: string[] } {
  const names = Object.keys(shown)
  const acr = acrOf(names, methods)
  const amr = methods.filter(({ name }) => names.includes(name)).flatMap((method) => method.amr)
  return { acr, amr: acr === 'aal2' ? [...amr, 'mfa'] : amr }
}
