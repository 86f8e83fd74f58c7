import type { Context, MiddlewareHandler } from 'hono'
import { cors } from 'hono/cors'
import { config } from '../config.ts'
import type { Feature } from '../core/call.ts'
import { isWithin } from '../core/clients/resources.ts'
import type { AppEnv } from './app-env.ts'

/**
 * Without valid settings, the service answers only 503 with the names of what is missing.
 * @throws Problem `not_ready`
 */
export const configured: MiddlewareHandler<AppEnv> = (c, next) => {
  config(c.env)
  return next()
}

/** Cloudflare's Turnstile. It loads one script, which opens a frame. Nothing else on our pages comes from there. */
export const CHALLENGES = 'https://challenges.cloudflare.com'

/**
 * The policy for JSON and for pages, which load a stylesheet and scripts, post forms to this origin, fetch the options of
 * passkeys from it, and have an empty icon. A page may add the origin of a logo, the origin that its form finally
 * redirects to, and the origin of a challenge, which is a script and a frame.
 */
export const contentPolicy = ({ image = '', form = '', challenge = '' } = {}): string =>
  `default-src 'none'; script-src 'self'${challenge}; style-src 'self'; ${challenge && `frame-src${challenge}; `}` +
  `img-src data:${image}; connect-src 'self'; form-action 'self'${form}; base-uri 'none'; frame-ancestors 'none'`

/**
 * The address as a source in a policy: its origin, or its scheme where it has none. A policy cannot name an IPv6
 * address, so that of this machine is named by its scheme, too.
 */
export function sourceOf(uri: string): string {
  const { origin, protocol, host } = new URL(uri)
  return origin === 'null' || host.startsWith('[') ? protocol : origin
}

/**
 * The headers of every response, unless its route sets them. Hono's `secureHeaders` would set the same ones in 1 kB
 * more; here they are chosen once. Each header costs a hundredth of the CPU of `hono/jwt` for a request (decision 018).
 */
export const HEADERS = Object.entries({
  'Content-Security-Policy': contentPolicy(),
  'Cross-Origin-Resource-Policy': 'same-origin',
  // The address of a page may contain a mailed token, so pages send only their origin as the referrer, even to this
  // site. `no-referrer` would do this too, but it makes browsers send forms with `Origin: null`.
  'Referrer-Policy': 'strict-origin',
  'Strict-Transport-Security': 'max-age=63072000; includeSubDomains',
  'X-Content-Type-Options': 'nosniff',
})

/** Additional headers for what a browser shows in a window or in a frame. */
export const PAGE_HEADERS = Object.entries({
  'Cross-Origin-Opener-Policy': 'same-origin',
  'X-Frame-Options': 'DENY',
})

const NEVER_STORED = 'no-store'

/** The complete headers of a `c.json(value)` response, except the request id. */
const JSON_ANSWER = new Response(null, {
  headers: [...HEADERS, ['Cache-Control', NEVER_STORED], ['Content-Type', 'application/json']],
})

/**
 * Gives the request an id that only this service chooses: with an id chosen by a client, an audit row could point to
 * another request.
 */
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
    // A response from `fetch` is read-only, so it is copied. Without the first line, Hono would merge its headers into
    // the copy's.
    const copy = new Response(c.res.body, c.res)
    c.res = undefined
    c.res = copy
    complete(copy.headers, id)
  }
}

/**
 * Makes `c.json(value)` start from a response that has all headers already, unless the handler set a status or headers.
 * Copying takes one platform call; checking and setting each header takes two, which was a sixth of the CPU of a
 * verified request (decision 018). Returns a function that recognizes such a response. A middleware that replaces it
 * must know that Hono merges the old headers into the new ones.
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

/** Changes the response itself: `c.header` would create a new one each time. */
function complete(headers: Headers, id: string): void {
  headers.set('X-Request-Id', id)
  // Responses are not stored unless their route allows it: each contains a token, personal data or a refusal (RFC 6749
  // section 5.1). A response that is not stored needs no `Vary`.
  const caching = headers.get('Cache-Control')
  if (caching === null) headers.set('Cache-Control', NEVER_STORED)
  else if (caching !== NEVER_STORED) headers.append('Vary', 'Origin')
  for (const [name, value] of HEADERS) if (!headers.has(name)) headers.set(name, value)
  if (!headers.get('Content-Type')?.startsWith('text/html')) return
  for (const [name, value] of PAGE_HEADERS) if (!headers.has(name)) headers.set(name, value)
}

/**
 * Allows exactly the origins of `ALLOWED_ORIGINS`, without cookies: a page elsewhere sends the token itself. What a feature
 * declares as `open` or as a resource is for every origin. Hono's middleware builds the response three times, so it runs only for requests
 * that come from a page, and only if any origin is allowed.
 */
export const allowOrigins: MiddlewareHandler<AppEnv> = (c, next) => {
  if (c.req.method !== 'OPTIONS' && c.req.header('Origin') === undefined) return next()
  if (c.var.registry.features.some((feature) => isOpen(feature, c.req.path))) return anyOrigin(c, next)
  const isCrossOrigin = c.req.method === 'OPTIONS' || config(c.env).ALLOWED_ORIGINS.length > 0
  return isCrossOrigin ? crossOrigin(c, next) : next()
}

/** Resources take no cookies, so they are open, too. */
const isOpen = ({ open, resources = [] }: Feature, path: string): boolean =>
  open?.test(path) === true || resources.some(({ at }) => isWithin(at, path))

/**
 * Never with cookies, so the asterisk allows no more than any program may send. Tools of MCP name headers of their own
 * (`Mcp-Param-*`). `Authorization` is not among what an asterisk means.
 */
const anyOrigin = cors({
  origin: '*',
  allowHeaders: ['Authorization', 'Content-Type', '*'],
  allowMethods: ['GET', 'POST', 'DELETE'],
  exposeHeaders: ['DPoP-Nonce', 'Mcp-Session-Id', 'Retry-After', 'WWW-Authenticate', 'X-Request-Id'],
  maxAge: 600,
})

const crossOrigin = cors({
  origin: (origin, c: Context<AppEnv>) => (config(c.env).ALLOWED_ORIGINS.includes(origin) ? origin : null),
  allowHeaders: ['Authorization', 'Content-Type'], // never unset: Hono would echo the requested ones (CVE-2026-69207)
  allowMethods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
  exposeHeaders: ['Retry-After', 'WWW-Authenticate', 'X-Request-Id'],
  maxAge: 600,
})
