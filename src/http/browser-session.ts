import type { MiddlewareHandler } from 'hono'
import { config } from '../config.ts'
import { type Renewal, readRenewal, renew, writeRenewal } from '../core/sessions/renewal.ts'
import type { Session } from '../core/sessions/session.ts'
import { issueToken } from '../core/tokens/issue.ts'
import type { AppEnv, Asked, BrowserSession } from './app-env.ts'
import { callOf } from './call.ts'
import { dropCookie, keepCookie, ownCookies, RENEWAL_COOKIE, SESSION_COOKIE } from './cookie.ts'
import { limitNetwork } from './prefilter.ts'

/** `null`: nothing. */
type Answering = Asked & { set: (key: 'browser', value: BrowserSession | null) => void }

/** Gives the browser a session. Of several in one request, the last one counts. */
export const keepSession = (c: Answering, session: BrowserSession): void => c.set('browser', session)

/** Takes the session from the browser. Only whoever signs out does this: a request that lost a race does not. */
export const dropSession = (c: Answering): void => c.set('browser', null)

/**
 * Sets the cookies of a session, after the handler, because a response of its own would lose them. Such an answer is never
 * stored. A server error sets none: for the browser, its renewal was lost.
 */
export const sendSession: MiddlewareHandler<AppEnv> = async (c, next) => {
  await next()
  const { browser } = c.var
  if (browser === undefined || c.res.status >= 500) return
  c.header('Cache-Control', 'no-store')
  if (browser === null) return [SESSION_COOKIE, RENEWAL_COOKIE].forEach((name) => dropCookie(c, name))
  const { access_token, expires_in, renewal } = browser
  const settings = config(c.env)
  keepCookie(c, SESSION_COOKIE, access_token, renewal.kept ? expires_in : undefined)
  const age = renewal.kept ? settings.SESSION_TTL_SECONDS : undefined
  keepCookie(c, RENEWAL_COOKIE, await writeRenewal(renewal, settings), age)
}

/** The renewal in the cookie of a request, unless there are two copies of a cookie: one of them was planted. */
export async function shownRenewal(c: Asked): Promise<Renewal | undefined> {
  const [text, ...others] = ownCookies(c, RENEWAL_COOKIE)
  if (text === undefined || others.length > 0 || ownCookies(c, SESSION_COOKIE).length > 1) return undefined
  return readRenewal(text, config(c.env))
}

/**
 * The session of a browser whose access token has expired, renewed with its other cookie. Undefined if it has ended; the
 * cookies stay as they are. For unsafe methods, check the origin first.
 * @throws Problem 429 `too_many_attempts`, 503 `unavailable`
 */
export async function renewedSession(c: Parameters<typeof callOf>[0] & Answering): Promise<Session | undefined> {
  const shown = await shownRenewal(c)
  if (!shown) return undefined
  await limitNetwork(c, 'refresh')
  const call = callOf(c)
  const grant = await renew(call, shown)
  if (!grant) return undefined
  const { token, expires_at, acr } = await issueToken(call, grant)
  const renewal = { ...shown, generation: grant.generation }
  keepSession(c, { access_token: token, expires_in: expires_at - call.now, renewal })
  const { id, user_id, auth_time, roles } = grant
  return { id, user_id, auth_time, expires_at, roles, acr }
}
