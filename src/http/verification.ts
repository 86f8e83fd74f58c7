import type { Context, MiddlewareHandler } from 'hono'
import { jwt, verify } from 'hono/jwt'
import type { Config } from '../config.ts'
import { verifyJwt } from '../core/keys/signing.ts'
import type { Session } from '../core/sessions/session.ts'
import { publishedSessionOf, sessionOf } from '../core/tokens/claims.ts'
import { rememberedOf } from '../core/tokens/remembered-tokens.ts'
import { candidateKeys, hasOneReading, keyring, type SigningKey } from '../core/tokens/tokens.ts'
import { now } from '../lib/time.ts'
import type { Asked } from './app-env.ts'
import type { Credential } from './credential.ts'

/**
 * The session of a token with a valid form, signature, claims and times. The guard checks whether the session is still
 * live. `c` is the request that contained the token, if there is one. What no key for HS256 may have signed is looked at
 * under the published keys, whatever `ACCESS_TOKEN_ALG` says: so it can be changed, and changed back, in any order.
 */
export async function verifiedSession(
  { unverifiedToken, sent }: Credential,
  settings: Config,
  c?: Asked,
): Promise<Session | undefined> {
  const [memory, at] = [rememberedOf(settings), now()]
  const known = memory.find(unverifiedToken, at)
  if (known) return known
  for (const key of candidateKeys(unverifiedToken, await keyring(settings))) {
    const payload = await (c && sent === 'bearer' ? payloadOfHeader(c, key) : payloadOf(unverifiedToken, key))
    if (payload === undefined || !hasOneReading(unverifiedToken, payload)) continue
    const verified = sessionOf(payload, settings, at)
    if (verified) memory.add(unverifiedToken, verified)
    return verified?.session
  }
  if (settings.SIGNING_KEYS === undefined) return undefined
  const payload = await verifyJwt(settings, unverifiedToken, { typ: 'at+jwt' })
  const verified = payload && publishedSessionOf(payload, settings, at)
  if (verified) memory.add(unverifiedToken, verified)
  return verified?.session
}

/** `sessionOf` checks the times: Hono allows no leeway on `iat`, and accepts a token without `exp`. */
const HS256 = { alg: 'HS256', exp: false, iat: false, nbf: false } as const

const middlewares = new WeakMap<SigningKey, MiddlewareHandler>()

/**
 * The payload of the request's Bearer token, verified by Hono's middleware, or undefined. Its own 401 response would
 * show the URL.
 */
async function payloadOfHeader(asked: Asked, key: SigningKey): Promise<unknown> {
  const c = asked as unknown as Context // it is a full context; helpers see only a part of it
  let middleware = middlewares.get(key)
  if (!middleware) {
    middleware = jwt({ secret: key.verify, alg: 'HS256', verification: HS256 })
    middlewares.set(key, middleware)
  }
  try {
    await middleware(c, async () => {})
  } catch {
    return undefined
  }
  const payload: unknown = c.get('jwtPayload')
  c.set('jwtPayload', undefined) // a remembered token sets none, so handlers must read `session`
  return payload
}

/** The same for a token that is sent bare, in a cookie, or by another Worker. */
const payloadOf = (unverifiedToken: string, key: SigningKey): Promise<unknown> =>
  verify(unverifiedToken, key.verify, HS256).catch(() => undefined) // the error message contains the token
