import type { Context, MiddlewareHandler } from 'hono'
import { cors } from 'hono/cors'
import { requestId } from 'hono/request-id'
import { config } from '../config.ts'
import type { AppEnv } from './app-env.ts'

/** Ours alone: an id that a client may choose could point an audit row at somebody else's request. */
export const identify = requestId({ headerName: '' })

/** Without its secrets the service answers nothing but 503 and what is missing. @throws Problem `not_ready` */
export const configured: MiddlewareHandler<AppEnv> = (c, next) => {
  config(c.env)
  return next()
}

/**
 * The one policy for JSON and for pages, which bring a stylesheet, a script, forms of this origin and an empty icon. A
 * page may add the origin of a logo, and that of an address to which its form leads in the end.
 */
export const contentPolicy = ({ image = '', form = '' } = {}): string =>
  "default-src 'none'; script-src 'self'; style-src 'self'; " +
  `img-src data:${image}; form-action 'self'${form}; base-uri 'none'; frame-ancestors 'none'`

/** What every answer carries. Hono's `secureHeaders` would say the same in 1 kB more: its choices are made here once. */
export const HEADERS = Object.entries({
  // No answer may outlive its request: each holds a token, a person's data, or a refusal (RFC 6749 section 5.1).
  'Cache-Control': 'no-store',
  'Content-Security-Policy': contentPolicy(),
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  // A mailed token stands in the address of its page, so none shows more than its origin, not even to this site.
  // `no-referrer` would do that too, but makes browsers send forms with `Origin: null`.
  'Referrer-Policy': 'strict-origin',
  'Strict-Transport-Security': 'max-age=63072000; includeSubDomains',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
})

export const harden: MiddlewareHandler<AppEnv> = async (c, next) => {
  await next()
  change(c, (headers) => {
    for (const [name, value] of HEADERS) if (!headers.has(name)) headers.set(name, value)
    headers.set('X-Request-Id', c.get('requestId'))
  })
}

/**
 * Exactly the origins of `ALLOWED_ORIGINS`, without cookies: a page elsewhere sends the token itself. Hono's middleware
 * builds the answer three times over, so it is asked only by requests that come from a page.
 */
export const allowOrigins: MiddlewareHandler<AppEnv> = async (c, next) => {
  if (c.req.header('Origin') !== undefined || c.req.method === 'OPTIONS') return crossOrigin(c, next)
  await next()
  change(c, (headers) => headers.append('Vary', 'Origin'))
}

const crossOrigin = cors({
  origin: (origin, c: Context<AppEnv>) => (config(c.env).ALLOWED_ORIGINS.includes(origin) ? origin : null),
  allowHeaders: ['Authorization', 'Content-Type'], // never unset: Hono would then echo what was asked (CVE-2026-69207)
  allowMethods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
  exposeHeaders: ['Retry-After', 'WWW-Authenticate', 'X-Request-Id'],
  maxAge: 600,
})

/** Changes the answer itself: `c.header` would make a new one each time. An answer that `fetch` gave is read-only: a copy. */
function change(c: Context<AppEnv>, how: (headers: Headers) => void): void {
  try {
    how(c.res.headers)
  } catch {
    const copy = new Response(c.res.body, c.res)
    c.res = undefined // or the headers of the old one would be laid over the copy's
    c.res = copy
    how(copy.headers)
  }
}
