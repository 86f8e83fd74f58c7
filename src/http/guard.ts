import type { Context, MiddlewareHandler } from 'hono'
import { jwt } from 'hono/jwt'
import { matchedRoutes } from 'hono/route'
import { METHOD_NAME_ALL } from 'hono/router'
import { type Config, config } from '../config.ts'
import { Problem } from '../core/problem.ts'
import { isLive, type Session } from '../core/sessions.ts'
import { candidateKeys, keyring, type SigningKey, sessionOf } from '../core/tokens.ts'
import { now } from '../lib/time.ts'
import type { AppEnv, Asked } from './app-env.ts'
import { cookieValues, isSameOrigin, SESSION_COOKIE } from './cookie.ts'

/** What a guarded handler has more than others: whose request this is. */
export type Guarded = AppEnv & { Variables: { session: Session } }

/** RFC 6750 section 3: an error code follows only where a token was sent. */
const CHALLENGE = 'Bearer realm="latchkey"'

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * Lets a request pass that bears a good access token whose session still stands, and gives the handler `session`.
 * @throws Problem 401 `login_required`, 401 `invalid_token`, 403 `cross_site_request`, 503
 */
export const loginRequired: MiddlewareHandler<Guarded> = async (c, next) => {
  const credential = credentialOf(c)
  const session = credential && (await liveSession(c, credential))
  if (!session) {
    // A path or method that nobody serves is 404 or 405 to everybody, signed in or not.
    if (!hasHandler(c)) return c.notFound()
    throw credential
      ? new Problem('invalid_token', { headers: { 'WWW-Authenticate': `${CHALLENGE}, error="invalid_token"` } })
      : new Problem('login_required', { headers: { 'WWW-Authenticate': CHALLENGE } })
  }
  c.set('session', session)
  await next()
}

/** Whose request this is, on routes that serve strangers too. @throws Problem 403 `cross_site_request`, 503 */
export async function sessionOfRequest(c: Asked): Promise<Session | undefined> {
  const credential = credentialOf(c)
  return credential && liveSession(c, credential)
}

/** `ambient`: the browser sent it by itself, so the request needs a proof that its page meant it. */
type Credential = { token: string; ambient: boolean }

/**
 * The one credential of a request: `Authorization: Bearer <jwt>`, the Flask tutorial's bare `Authorization: <jwt>`, or
 * the login page's cookie. A header that is there decides alone. Two copies of the cookie are a token that matches nothing:
 * one of them was planted.
 */
function credentialOf(c: Asked): Credential | undefined {
  const header = c.req.header('Authorization')?.trim()
  if (header) {
    const token = /^(?:Bearer +)?([^ \t,]+)$/i.exec(header)?.[1]
    return token === undefined ? undefined : { token, ambient: false }
  }
  const [token, ...others] = cookieValues(c.req.header('Cookie') ?? '', SESSION_COOKIE)
  return token === undefined ? undefined : { token: others.length > 0 ? '' : token, ambient: true }
}

async function liveSession(c: Asked, { token, ambient }: Credential): Promise<Session | undefined> {
  if (ambient && !SAFE_METHODS.has(c.req.method) && !isSameOrigin(c)) throw new Problem('cross_site_request')
  const session = await verifiedSession(token, config(c.env))
  return session && (await isLive(c.env.DB, session, now())) ? session : undefined
}

/** The session that a token speaks of, when `hono/jwt` finds its signature good and our checks its claims. */
async function verifiedSession(unverifiedToken: string, settings: Config): Promise<Session | undefined> {
  for (const key of candidateKeys(unverifiedToken, await keyring(settings))) {
    const payload = await payloadOf(unverifiedToken, key)
    if (payload !== undefined) return sessionOf(payload, settings, now())
  }
  return undefined
}

const middlewares = new WeakMap<SigningKey, MiddlewareHandler>()

/**
 * The payload as Hono's own JWT middleware verifies it, or undefined. It is handed a view of a request in place of the
 * context, because it reads nothing else of it: so the bare header, the cookie and the Bearer header are one to it, and
 * what it would answer (the URL in the realm, an error code without a token) is answered by us. Its time checks
 * are off: it allows no leeway on `iat`, and lets a token without `exp` pass.
 */
async function payloadOf(unverifiedToken: string, key: SigningKey): Promise<unknown> {
  let middleware = middlewares.get(key)
  if (!middleware) {
    middleware = jwt({ secret: key.verify, alg: 'HS256', verification: { exp: false, iat: false, nbf: false } })
    middlewares.set(key, middleware)
  }
  let payload: unknown
  const view = {
    req: { raw: { headers: new Headers({ Authorization: `Bearer ${unverifiedToken}` }) }, url: '' },
    set: (_name: 'jwtPayload', value: unknown) => (payload = value),
  }
  try {
    await middleware(view as unknown as Context, async () => {})
  } catch {
    return undefined // its message holds the token
  }
  return payload
}

/** The guard of a whole group runs for everything under its prefix, also where no handler waits behind it. */
const hasHandler = (c: Context): boolean => matchedRoutes(c).some(({ method }) => method !== METHOD_NAME_ALL)
