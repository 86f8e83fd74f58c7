import { config } from '../config.ts'
import { authenticate, type Credentials } from '../core/credentials.ts'
import { startSession } from '../core/sessions.ts'
import { signAccessToken } from '../core/tokens.ts'
import { now } from '../lib/time.ts'
import type { Asked } from './app-env.ts'
import { clientOf } from './client.ts'

/** RFC 6749 section 5.1. `expires_in` is in seconds. */
export type TokenAnswer = { access_token: string; token_type: 'Bearer'; expires_in: number }

/**
 * Signs somebody in who types an email and a password: checks them, writes the session, and only then signs a token.
 * @throws Problem whatever `authenticate` and `startSession` throw
 */
export async function signInWithPassword(c: Asked, credentials: Credentials): Promise<TokenAnswer> {
  const settings = config(c.env)
  const [client, at] = [clientOf(c), now()]
  const { user, alongside } = await authenticate(c.env.DB, settings, credentials, client, at)
  const ttlSeconds = settings.ACCESS_TOKEN_TTL_SECONDS
  const session = await startSession(c.env.DB, { user, client, now: at, ttlSeconds, alongside })
  return {
    access_token: await signAccessToken(session, settings, at),
    token_type: 'Bearer',
    expires_in: ttlSeconds,
  }
}
