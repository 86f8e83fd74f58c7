import type { Context } from 'hono'
import { type Config, config } from '../config.ts'
import type { Credentials } from '../core/credentials.ts'
import { Problem } from '../core/problem.ts'
import { refreshToken } from '../core/refresh-tokens.ts'
import { type Grant, startSession } from '../core/sessions.ts'
import { accessToken } from '../core/tokens.ts'
import { authenticate } from '../doorkeeper/ask.ts'
import { now } from '../lib/time.ts'
import { deliverAfter } from './after.ts'
import type { Asked } from './app-env.ts'
import { clientOf } from './client.ts'

/** RFC 6749 section 5.1. `expires_in` is in seconds. */
export type TokenAnswer = { access_token: string; token_type: 'Bearer'; expires_in: number; refresh_token: string }

/** A login answers with what the device should show at its next one, too. */
export type SignedIn = TokenAnswer & { device_token?: string }

/** The tokens of a session whose row is written: a fresh access token, and the refresh token of its generation. */
export async function tokenAnswer(grant: Grant, config: Config, now: number): Promise<TokenAnswer> {
  const { token, expires_at } = await accessToken(grant, config, now)
  const name = { session_id: grant.id, generation: grant.generation }
  const refresh_token = await refreshToken(name, config)
  return { access_token: token, token_type: 'Bearer', expires_in: expires_at - now, refresh_token }
}

/**
 * Signs somebody in who types an email and a password: checks them, writes the session, and only then signs a token.
 * @throws Problem whatever `authenticate` and `startSession` throw
 */
export async function signInWithPassword(
  c: Asked & Pick<Context, 'executionCtx'>,
  credentials: Credentials,
): Promise<SignedIn> {
  const settings = config(c.env)
  const [client, at] = [clientOf(c), now()]
  const authenticating = authenticate(c.env, credentials, client, at)
  const { user, alongside, device_token } = await authenticating.catch((problem: unknown) => {
    if (problem instanceof Problem && problem.code === 'email_not_verified') deliverAfter(c)
    throw problem
  })
  const grant = await startSession(c.env.DB, settings, { user, client, now: at, alongside })
  return { ...(await tokenAnswer(grant, settings, at)), ...(device_token !== undefined && { device_token }) }
}
