import type { Context, MiddlewareHandler } from 'hono'
import { jwt } from 'hono/jwt'
import { matchedRoutes } from 'hono/route'
import { METHOD_NAME_ALL } from 'hono/router'
import { type Config, config } from '../config.ts'
import { Problem, type ProblemCode } from '../core/problem.ts'
import { rememberedOf } from '../core/remembered-tokens.ts'
import { isRevoked } from '../core/revocations.ts'
import { LEGACY_SESSION, liveSession, type Session } from '../core/sessions.ts'
import { candidateKeys, keyring, type SigningKey, sessionOf } from '../core/tokens.ts'
import { isUnchangedSinceImport } from '../core/users.ts'
import { now } from '../lib/time.ts'
import { CHALLENGE } from './answer.ts'
import type { AppEnv, Asked } from './app-env.ts'
import { cookieValues, isSameOrigin, SESSION_COOKIE } from './cookie.ts'

/** What a guarded handler has more than others: whose request this is. */
export type Guarded = AppEnv & { Variables: { session: Session } }

/** The session that a good token speaks of, as it stands by now; undefined when it has ended. */
type Check = (claimed: Session, c: Scope) => Promise<Session | undefined>
type Scope = { env: Env; executionCtx: Pick<ExecutionContext, 'waitUntil'> }

/** Seconds for which a login, or a `POST /user/reauth`, counts as recent. */
const FRESH_SECONDS = 600

/** Whether somebody typed the password into this session within the last ten minutes. */
export const isFresh = (session: Session, now: number): boolean => now - session.auth_time <= FRESH_SECONDS

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS'])

/** Whether the session is not among the revoked, as this isolate knew them at most a few seconds ago. */
const notRevoked: Check = async (session, { env, executionCtx }) => {
  if (session.id === LEGACY_SESSION) {
    return (await isUnchangedSinceImport(env.DB, session.user_id)) ? session : undefined
  }
  const scope = { db: env.DB, maxAgeSeconds: config(env).REVOCATION_MAX_AGE_SECONDS }
  const revoked = await isRevoked({ ...scope, waitUntil: (work) => executionCtx.waitUntil(work) }, session.id)
  return revoked ? undefined : session
}

const live: Check = (session, { env }) => liveSession(env.DB, session, now())

/** The signature and the claims alone: no revocation is seen until `exp`. For what may be read by yesterday's guest. */
export const offline = guard((session) => Promise.resolve(session))

/**
 * Lets a request pass that bears a good access token whose session is not revoked, and gives the handler `session`.
 * A revocation made elsewhere counts within `REVOCATION_MAX_AGE_SECONDS`.
 * @throws Problem 401 `login_required`, 401 `invalid_token`, 403 `cross_site_request`, 503 `unavailable`
 */
export const loginRequired = guard(notRevoked)

/**
 * As `loginRequired`, but asks the database: a revocation counts at once, and `roles` are those of now. For whatever
 * shows or changes an account.
 */
export const strictLogin = guard(live)

/**
 * As `strictLogin`, and somebody typed the password into this session within the last ten minutes.
 * @throws Problem 401 `fresh_login_required`, with the challenge of RFC 9470 section 3
 */
export const freshLogin = guard(async (claimed, c) => {
  const session = await live(claimed, c)
  if (session) requireFresh(session)
  return session
})

/**
 * As `strictLogin`, for users who have a role. `fresh`: and as `freshLogin`, for what a stolen token must not do.
 * @throws Problem 403 `insufficient_role`, with the challenge of RFC 6750 section 3.1; 401 `fresh_login_required`
 */
export const roleRequired = (role: string, { fresh = false } = {}): MiddlewareHandler<Guarded> => {
  const required = guard(async (claimed, c) => {
    const session = await live(claimed, c)
    if (session && !session.roles.includes(role)) throw refusal('insufficient_role', 'error="insufficient_scope"')
    if (session && fresh) requireFresh(session)
    return session
  })
  return Object.assign(required, { role, fresh })
}

function requireFresh(session: Session): void {
  if (isFresh(session, now())) return
  throw refusal('fresh_login_required', `error="insufficient_user_authentication", max_age=${FRESH_SECONDS}`)
}

/** Whose request this is, on routes that serve strangers too. @throws Problem 403 `cross_site_request`, 503 */
export async function sessionOfRequest(c: Asked & Pick<Context, 'executionCtx'>): Promise<Session | undefined> {
  const credential = credentialOf(c)
  return credential && checkedSession(c, credential, live)
}

/** As `loginRequired` decides about a request with this `Authorization` header. @throws Problem 503 */
export async function sessionOfHeader(header: string, c: Scope): Promise<Session | ProblemCode> {
  const token = tokenIn(header)
  if (token === undefined) return 'login_required'
  const session = await verifiedSession(token, config(c.env))
  return (session && (await notRevoked(session, c))) ?? 'invalid_token'
}

function guard(check: Check): MiddlewareHandler<Guarded> {
  return async (c, next) => {
    const credential = credentialOf(c)
    const session = credential && (await checkedSession(c, credential, check))
    if (!session) {
      // A path or method that nobody serves is 404 or 405 to everybody, signed in or not.
      if (!hasHandler(c)) return c.notFound()
      throw credential ? refusal('invalid_token', 'error="invalid_token"') : refusal('login_required')
    }
    c.set('session', session)
    await next()
  }
}

const refusal = (code: ProblemCode, ...parameters: string[]) =>
  new Problem(code, { headers: { 'WWW-Authenticate': [CHALLENGE, ...parameters].join(', ') } })

/** `ambient`: the browser sent it by itself, so the request needs a proof that its page meant it. */
type Credential = { token: string; ambient: boolean }

/**
 * The one credential of a request: `Authorization: Bearer <jwt>`, the Flask tutorial's bare `Authorization: <jwt>`, or
 * the login page's cookie. A header that is there decides alone. Two copies of the cookie are a token that matches nothing:
 * one of them was planted.
 */
function credentialOf(c: Asked): Credential | undefined {
  const header = c.req.header('Authorization')
  if (header) {
    const token = tokenIn(header)
    return token === undefined ? undefined : { token, ambient: false }
  }
  const [token, ...others] = cookieValues(c.req.header('Cookie') ?? '', SESSION_COOKIE)
  return token === undefined ? undefined : { token: others.length > 0 ? '' : token, ambient: true }
}

/** Around it only what HTTP calls white space (RFC 9110 section 5.6.3), which is less than `trim` takes off. */
const tokenIn = (header: string): string | undefined => /^[ \t]*(?:Bearer +)?([^ \t,]+)[ \t]*$/i.exec(header)?.[1]

async function checkedSession(
  c: Asked & Pick<Context, 'executionCtx'>,
  { token, ambient }: Credential,
  check: Check,
): Promise<Session | undefined> {
  if (ambient && !SAFE_METHODS.has(c.req.method) && !isSameOrigin(c)) throw new Problem('cross_site_request')
  const session = await verifiedSession(token, config(c.env))
  return session && check(session, c)
}

/** The session that a token speaks of: one that is remembered, or whose signature is good to `hono/jwt` and its claims to us. */
async function verifiedSession(unverifiedToken: string, settings: Config): Promise<Session | undefined> {
  const [memory, at] = [rememberedOf(settings), now()]
  const known = memory.find(unverifiedToken, at)
  if (known) return known
  for (const key of candidateKeys(unverifiedToken, await keyring(settings))) {
    const payload = await payloadOf(unverifiedToken, key)
    if (payload === undefined) continue
    const verified = sessionOf(payload, settings, at)
    if (verified) memory.add(unverifiedToken, verified, at)
    return verified?.session
  }
  return undefined
}

const middlewares = new WeakMap<SigningKey, MiddlewareHandler>()

/**
 * The payload as Hono's own JWT middleware verifies it, or undefined. It is handed a view of a request in place of the
 * context, because it reads one header and nothing else of it: so the bare header, the cookie and the Bearer header are one
 * to it, and what it would answer (the URL in the realm, an error code without a token) is answered by us. Its time checks
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
    req: { raw: { headers: { get: () => `Bearer ${unverifiedToken}` } }, url: '' },
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
