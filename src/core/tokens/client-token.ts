import type { Call } from '../call.ts'
import { verifyJwt } from '../keys/signing.ts'

/** An access token of a client, whose signature and end are valid. Its session may have ended. */
export type ClientToken = { client_id: string; user_id: number; sid: string; scope: string; aud: string }

/** The client token in a text. The token of a client that acts for itself has no session, and so is none. */
export async function clientTokenIn(
  { settings, now }: Pick<Call, 'settings' | 'now'>,
  unverifiedToken: string,
): Promise<ClientToken | undefined> {
  const claims = await verifyJwt(settings, unverifiedToken, { typ: 'at+jwt' })
  const { aud, exp, client_id, sub, sid, scope } = claims ?? {}
  const texts = [aud, client_id, sub, sid, scope]
  if (!texts.every((text) => typeof text === 'string') || typeof exp !== 'number' || exp <= now) return undefined
  return { client_id, user_id: Number(sub), sid, scope, aud } as ClientToken
}
