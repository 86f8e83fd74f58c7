import type { Context, MiddlewareHandler } from 'hono'
import { cors } from 'hono/cors'
import { config } from '../config.ts'
import type { AppEnv } from './app-env.ts'

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

/**
 * What every answer carries, but where its route says otherwise. Hono's `secureHeaders` would say the same in 1 kB more: its
 * choices are made here once. Each of them costs a hundredth of what `hono/jwt` does for a request (decision 018).
 */
export const HEADERS = Object.entries({
  'Content-Security-Policy': contentPolicy(),
  'Cross-Origin-Resource-Policy': 'same-origin',
  // A mailed token stands in the address of its page, so none shows more than its origin, not even to this site.
  // `no-referrer` would do that too, but makes browsers send forms with `Origin: null`.
  'Referrer-Policy': 'strict-origin',
  'Strict-Transport-Security': 'max-age=63072000; includeSubDomains',
  'X-Content-Type-Options': 'nosniff',
})

/** Besides, for what a browser shows in a window of its own or in a frame. */
export const PAGE_HEADERS = Object.entries({
  'Cross-Origin-Opener-Policy': 'same-origin',
  'X-Frame-Options': 'DENY',
})

const NEVER_STORED = 'no-store'

/** What `c.json(value)` answers with, but for the id of its request. */
const JSON_ANSWER = new Response(null, {
  headers: [...HEADERS, ['Cache-Control', NEVER_STORED], ['Content-Type', 'application/json']],
})

/** Gives the request an id, ours alone: one that a client may choose could point an audit row at somebody else's request. */
export const harden: MiddlewareHandler<AppEnv> = async (c, next) => {
  const id = crypto.randomUUID()
  c.set('requestId', id)
  const isComplete = answerJsonComplete(c)
  await next()
  const { headers } = c.res
  if (isComplete(c.res) && headers.get('Cache-Control') === NEVER_STORED) return headers.set('X-Request-Id', id)
  try {
    complete(headers, id)
  } catch {
    // What `fetch` answered is read-only, so it is copied. Without the first line Hono would lay its headers over the copy's.
    const copy = new Response(c.res.body, c.res)
    c.res = undefined
    c.res = copy
    complete(copy.headers, id)
  }
}

/**
 * Has `c.json(value)` start from an answer that carries everything already, where nobody has said anything about the status
 * or the headers: to copy them is one call of the platform, to look for each and set it are two, which was a sixth of the
 * CPU of a verified request (decision 018). Gives a function that tells such an answer. A middleware that puts another one in
 * its place should know that Hono lays the old one's headers over the new one's.
 */
function answerJsonComplete(c: Context<AppEnv>): (answer: Response) => boolean {
  const { json, status, header } = c
  let isUsual = true
  let answer: Response | undefined
  c.status = (...args) => {
    isUsual = false
    status(...args)
  }
  c.header = (...args) => {
    isUsual = false
    header(...args)
  }
  const usualJson = (...args: Parameters<typeof json>): Response =>
    isUsual && args.length === 1 ? (answer = new Response(JSON.stringify(args[0]), JSON_ANSWER)) : json(...args)
  c.json = usualJson as typeof json
  return (other) => other === answer
}

/** Changes the answer itself: `c.header` would make a new one each time. */
function complete(headers: Headers, id: string): void {
  headers.set('X-Request-Id', id)
  // No answer outlives its request, unless its route says so: each holds a token, a person's data, or a refusal (RFC 6749
  // section 5.1). What nobody stores does not vary.
  const caching = headers.get('Cache-Control')
  if (caching === null) headers.set('Cache-Control', NEVER_STORED)
  else if (caching !== NEVER_STORED) headers.append('Vary', 'Origin')
  for (const [name, value] of HEADERS) if (!headers.has(name)) headers.set(name, value)
  if (!headers.get('Content-Type')?.startsWith('text/html')) return
  for (const [name, value] of PAGE_HEADERS) if (!headers.has(name)) headers.set(name, value)
}

/**
 * Exactly the origins of `ALLOWED_ORIGINS`, without cookies: a page elsewhere sends the token itself. Hono's middleware
 * builds the answer three times over, so it is asked only by requests that come from a page, where any is allowed.
 */
export const allowOrigins: MiddlewareHandler<AppEnv> = (c, next) => {
  if (c.req.method === 'OPTIONS') return crossOrigin(c, next)
  const isCrossOrigin = config(c.env).ALLOWED_ORIGINS.length > 0 && c.req.header('Origin') !== undefined
  return isCrossOrigin ? crossOrigin(c, next) : next()
}

const crossOrigin = cors({
  origin: (origin, c: Context<AppEnv>) => (config(c.env).ALLOWED_ORIGINS.includes(origin) ? origin : null),
  allowHeaders: ['Authorization', 'Content-Type'], // never unset: Hono would then echo what was asked (CVE-2026-69207)
  allowMethods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
  exposeHeaders: ['Retry-After', 'WWW-Authenticate', 'X-Request-Id'],
  maxAge: 600,
})
