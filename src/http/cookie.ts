import { generateCookie } from 'hono/cookie'
import type { Context } from 'hono'
import { config } from '../config.ts'
import type { Asked } from './app-env.ts'

/** The access token of a user who signed in on a page. */
export const SESSION_COOKIE = 'latchkey'

/** What renews the session once its access token has expired. */
export const RENEWAL_COOKIE = 'latchkey-renewal'

/** The device token for the next login. It outlives the session. */
export const DEVICE_COOKIE = 'latchkey-device'

/** `en` or `ko`, as chosen on a page. Anyone else who sets it can change only the language. */
export const LANGUAGE_COOKIE = 'lang'

/** The longest lifetime of a cookie that browsers accept (RFC 6265bis section 5.5). */
export const COOKIE_MAX_SECONDS = 400 * 86_400

/** The cookie is set over TLS, by this host only, and for all of its paths (RFC 6265bis section 4.1.3.2). */
export const COOKIE_PREFIX = '__Host-'

const LOCAL_URL = /^http:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?\//

/**
 * Whether the request came to this machine by plain http, where Safari does not keep `Secure` cookies (WebKit bug
 * 281149). The host alone is not enough: a client can write any `Host`, and a proxy may insert its own. Cloudflare
 * routes no request for such a host to a deployment. If `PUBLIC_URL` begins with https, users come by that address.
 */
const isThisMachine = (c: Asked): boolean =>
  LOCAL_URL.test(c.req.url) && config(c.env).PUBLIC_URL?.startsWith('https:') !== true

/** The language needs no prefix, because setting it from outside gains nothing. */
const nameOf = (c: Asked, cookie: string): string =>
  cookie === LANGUAGE_COOKIE || isThisMachine(c) ? cookie : COOKIE_PREFIX + cookie

/** Lax: a link from another site arrives signed in, but a form or a script from another site does not. */
const attributesOf = (c: Asked) => ({ path: '/', secure: !isThisMachine(c), httpOnly: true, sameSite: 'Lax' }) as const

type Answering = Asked & Pick<Context, 'header'>

/** Sets one of our cookies. `maxAge` is in seconds; without it, the cookie is kept until the browser is closed. */
export function keepCookie(c: Answering, cookie: string, value: string, maxAge?: number): void {
  const attributes = { ...attributesOf(c), ...(maxAge !== undefined && { maxAge }) }
  c.header('Set-Cookie', generateCookie(nameOf(c, cookie), value, attributes), { append: true })
}

/** Deletes one of our cookies. */
export const dropCookie = (c: Answering, cookie: string): void => keepCookie(c, cookie, '', 0)

/**
 * Every value of one of our cookies in a request. A cookie with the name for the other case (with or without the
 * prefix) is ignored.
 */
export const ownCookies = (c: Asked, cookie: string): string[] => {
  const header = c.req.header('Cookie')
  return header === undefined ? [] : cookieValues(header, nameOf(c, cookie))
}

/**
 * Every value of the cookie with exactly this name. Only space and tab are trimmed (RFC 6265 section 5.2). Other white
 * space belongs to the name; trimming it once allowed an attacker to imitate the prefix (CVE-2026-39410).
 */
function cookieValues(header: string, name: string): string[] {
  return header
    .split(';')
    .map((pair) => pair.replace(/^[ \t]+|[ \t]+$/g, ''))
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1))
}

/**
 * Whether the browser says that a page of this site sent the request. Older browsers, and plain http, send no
 * `Sec-Fetch-Site`; then `Origin` decides. Those that send no `Origin` with a form of the same site, such as Firefox before
 * 70, send a `Referer`, which no page can choose. Without any of them, the answer is no.
 */
export function isSameOrigin(c: Asked): boolean {
  const [site, sender] = [c.req.header('Sec-Fetch-Site'), c.req.header('Origin')]
  if (site !== undefined) return site === 'same-origin'
  const { origin } = new URL(c.req.url)
  return sender === undefined ? c.req.header('Referer')?.startsWith(`${origin}/`) === true : sender === origin
}
