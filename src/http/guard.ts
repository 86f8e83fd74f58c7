import type { Context, MiddlewareHandler } from 'hono'
import { matchedRoutes } from 'hono/route'
import { METHOD_NAME_ALL } from 'hono/router'
import { config } from '../config.ts'
import { first } from '../core/d1.ts'
import { CHALLENGE, Problem, type ProblemCode } from '../problem.ts'
import { isRevoked } from '../core/sessions/revocations.ts'
import { FRESH_SECONDS, isFresh, LEGACY_SESSION, mayChangeFactors, type Session } from '../core/sessions/session.ts'
import { noteShown } from '../core/sessions/renewal.ts'
import { type Former, liveSession } from '../core/sessions/sessions.ts'
import { requireRole } from '../core/users/roles.ts'
import { demandsTwo } from '../core/users/second-factor.ts'
import { unchangedSinceImport } from '../core/users/users.ts'
import { sql } from '../lib/sql.ts'
import { now } from '../lib/time.ts'
import type { AppEnv, Asked } from './app-env.ts'
import { renewedSession, shownRenewal } from './browser-session.ts'
import { isSameOrigin } from './cookie.ts'
import { type Credential, credentialIn, credentialOf } from './credential.ts'
import { verifiedSession } from './verification.ts'

/** A guarded handler also has the session of the request. */
export type Guarded = AppEnv & { Variables: { session: Session } }

/** The current session for a verified token; undefined if it has ended. */
type Check<In = Asking> = (claimed: Session, c: In) => Promise<Session | undefined>
type Asking = Asked & Pick<Context, 'executionCtx'> & Parameters<typeof renewedSession>[0]
type Scope = { env: Env; executionCtx: Pick<ExecutionContext, 'waitUntil'> }

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS'])

/** Checks that the session is not revoked, as this isolate knew it at most a few seconds ago. */
const notRevoked: Check<Scope> = async (session, { env, executionCtx }) => {
  if (session.id === LEGACY_SESSION) {
    const stands = await first(env.DB, sql`SELECT 1 FROM users WHERE ${unchangedSinceImport(session.user_id)}`)
    return stands === null ? undefined : session
  }
  return (await isStanding(session.id, { env, executionCtx })) ? session : undefined
}

/** Whether a session is not revoked, as this isolate knew it at most a few seconds ago. @throws Problem 503 `unavailable` */
export async function isStanding(session_id: string, { env, executionCtx }: Scope): Promise<boolean> {
  const scope = { db: env.DB, maxAgeSeconds: config(env).REVOCATION_MAX_AGE_SECONDS }
  return !(await isRevoked({ ...scope, waitUntil: (work) => executionCtx.waitUntil(work) }, session_id))
}

/** The session as the database has it, whatever its level. */
const stored: Check = async (session, c) => {
  await bodyArrived(c)
  const shown = await shownRenewal(c)
  const also = shown?.session_id === session.id ? noteShown(shown) : undefined
  return liveSession(c.env.DB, session, { now: now(), ways: c.var.registry.methods, also })
}

/**
 * Waits for the whole body, and leaves it to the handler. A client could hold it back, and send it when what the guard has
 * checked no longer holds.
 */
async function bodyArrived({ req }: Asking): Promise<void> {
  if (SAFE_METHODS.has(req.method) || req.header('Content-Length') === '0' || req.raw.bodyUsed) return
  await req.raw
    .clone()
    .arrayBuffer()
    .catch(() => {
      throw new Problem('malformed_json')
    })
}

/** The same, at the level that the settings demand: the role and the setting may have come after the session. */
const live: Check = async (claimed, c) => {
  const session = await stored(claimed, c)
  if (session && demandsTwo(config(c.env), session.roles)) requireTwo(session)
  return session
}

/**
 * Checks only the signature and the claims, so a revoked session is accepted until `exp`. Use it only for data that a
 * signed-out user may still read.
 */
export const offline = guard((session) => Promise.resolve(session))

/**
 * Accepts a request with a valid access token whose session is not revoked, and gives the handler `session`. A
 * revocation made elsewhere takes effect within `REVOCATION_MAX_AGE_SECONDS`.
 * @throws Problem 401 `login_required`, 401 `invalid_token`, 403 `cross_site_request`, 503 `unavailable`
 */
export const loginRequired = guard(notRevoked)

/**
 * Like `loginRequired`, but reads the database: a revocation takes effect at once, and `roles` are current. For
 * everything that shows or changes an account.
 */
export const strictLogin = guard(live)

/**
 * Like `strictLogin`, but it also accepts a session of one factor where `SECOND_FACTOR` demands two. For showing the
 * second one, and for ending sessions.
 */
export const anyLevelLogin = guard(stored)

/**
 * Like `strictLogin`, and the user must have authenticated in this session within the last ten minutes, with a second
 * factor if the account asks for one.
 * @throws Problem 401 `fresh_login_required`, with the challenge of RFC 9470 section 3
 */
export const freshLogin = guard(async (claimed, c) => {
  const session = await live(claimed, c)
  if (session) requireFresh(session)
  return session
})

/**
 * Like `loginRequired`, for sessions that were authenticated with two factors.
 * @throws Problem 401 `step_up_required`, with the challenge of RFC 9470 section 3
 */
export const factorRequired = guard(async (claimed, c) => {
  const session = await notRevoked(claimed, c)
  if (session) requireTwo(session)
  return session
})

/**
 * Like `strictLogin`, for changing the factors of the account: a second factor must have been shown within the last ten
 * minutes or, if the account does not ask for one, the password.
 * @throws Problem 401 `fresh_login_required`
 */
export const factorChange = guard(async (claimed, c) => {
  const session = await live(claimed, c)
  if (session) requireFactorChange(session)
  return session
})

/** For the forms that change factors. @throws Problem 401 `fresh_login_required` */
export function requireFactorChange(session: Session): void {
  if (!mayChangeFactors(session, now())) throw tooOld(session)
}

/**
 * Like `strictLogin`, for users with a role, or one that includes it: `admin` includes `support`. `fresh`: also like `freshLogin`, for actions that a stolen token must not
 * allow.
 * @throws Problem 403 `insufficient_role`, with the challenge of RFC 6750 section 3.1; 401 `fresh_login_required`
 */
export const roleRequired = (role: string, { fresh = false } = {}): MiddlewareHandler<Guarded> => {
  const required = guard(async (claimed, c) => {
    const session = await live(claimed, c)
    if (session) requireRole(session.roles, role)
    if (session && fresh) requireFresh(session)
    return session
  })
  return Object.assign(required, { role, fresh })
}

/** @throws Problem 401 `fresh_login_required` */
export function requireFresh(session: Session): void {
  if (!isFresh(session, now())) throw tooOld(session)
}

function requireTwo({ acr }: Session): void {
  if (acr !== 'aal2') throw refusal('step_up_required', INSUFFICIENT, AAL2)
}

/** RFC 9470 section 3. */
const INSUFFICIENT = 'error="insufficient_user_authentication"'
const AAL2 = 'acr_values="aal2"'

/** The refusal of a session that needs to be confirmed: 401 `fresh_login_required`. */
export const tooOld = ({ live }: Session): Problem =>
  refusal(
    'fresh_login_required',
    INSUFFICIENT,
    ...(live?.second_factor === true ? [AAL2] : []),
    `max_age=${FRESH_SECONDS}`,
  )

/**
 * The session of a request, if any, on routes that also serve signed-out users. `anyLevel`: as `anyLevelLogin`.
 * @throws Problem 401 `step_up_required`, 403 `cross_site_request`, 503
 */
export async function sessionOfRequest(c: Asking, { anyLevel = false } = {}): Promise<Session | undefined> {
  const credential = credentialOf(c)
  return credential && checkedSession(c, credential, anyLevel ? stored : live)
}

/**
 * The session that a request shows, by a verified token or by the renewal of a browser, even if it has ended. It asks no
 * database, so it gives a guess nothing to do. For ending the session, which may have ended already.
 */
export async function signedSessionOf(c: Asked): Promise<Former | undefined> {
  const credential = credentialOf(c)
  const session = credential && (await verifiedSession(credential, config(c.env), c))
  if (session || credential?.sent !== 'cookie') return session
  const renewal = await shownRenewal(c)
  return renewal && { id: renewal.session_id }
}

/** Decides like `loginRequired` about a request with this `Authorization` header. @throws Problem 503 */
export async function sessionOfHeader(header: string, c: Scope): Promise<Session | ProblemCode> {
  const credential = credentialIn(header)
  if (credential === undefined) return 'login_required'
  const session = await verifiedSession(credential, config(c.env))
  return (session && (await notRevoked(session, c))) ?? 'invalid_token'
}

function guard(check: Check): MiddlewareHandler<Guarded> {
  return async (c, next) => {
    const credential = credentialOf(c)
    const session = credential && (await checkedSession(c, credential, check))
    if (!session) {
      // An unknown path or method is 404 or 405 for everyone, signed in or not.
      if (!hasHandler(c)) return c.notFound()
      throw credential ? refusal('invalid_token', 'error="invalid_token"') : refusal('login_required')
    }
    c.set('session', session)
    await next()
  }
}

/** A refusal with a challenge (RFC 6750 section 3). */
export const refusal = (code: ProblemCode, ...parameters: string[]) =>
  new Problem(code, { headers: { 'WWW-Authenticate': [CHALLENGE, ...parameters].join(', ') } })

async function checkedSession(c: Asking, credential: Credential, check: Check): Promise<Session | undefined> {
  const needsProof = credential.sent === 'cookie' && !SAFE_METHODS.has(c.req.method)
  if (needsProof && !isSameOrigin(c)) throw new Problem('cross_site_request')
  const session = await sessionOf(c, credential)
  const checked = session && (await check(session, c))
  if (checked) await c.var.countAccount?.(checked.user_id)
  return checked
}

/** The session of a token or, if the token of a browser has expired, the one that its other cookie renews. */
async function sessionOf(c: Asking, credential: Credential): Promise<Session | undefined> {
  const session = await verifiedSession(credential, config(c.env), c)
  if (session || credential.sent !== 'cookie') return session
  await bodyArrived(c)
  return renewedSession(c)
}

/** The guard of a group runs for everything under its prefix, even where no handler follows. */
export const hasHandler = (c: Context): boolean => matchedRoutes(c).some(({ method }) => method !== METHOD_NAME_ALL)
