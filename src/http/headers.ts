import type { Context, MiddlewareHandler } from 'hono'
import { cors } from 'hono/cors'
import { requestId } from 'hono/request-id'
import { secureHeaders } from 'hono/secure-headers'
import { config } from '../config.ts'
import type { AppEnv } from './app-env.ts'

/** Ours alone: an id that a client may choose could point an audit row at somebody else's request. */
export const identify = requestId({ headerName: '' })

/** Without its secrets the service answers nothing but 503 and what is missing. @throws Problem `not_ready` */
export const configured: MiddlewareHandler<AppEnv> = async (c, next) => {
  config(c.env)
  await next()
}

/** No answer here may outlive its request: each holds a token, a person's data, or a refusal (RFC 6749 section 5.1). */
export const describe: MiddlewareHandler<AppEnv> = async (c, next) => {
  c.header('Cache-Control', 'no-store')
  c.header('X-Request-Id', c.var.requestId)
  await next()
}

/** One policy for JSON and for pages, which bring a stylesheet and forms of this origin and nothing else. */
export const harden = secureHeaders({
  strictTransportSecurity: 'max-age=63072000; includeSubDomains',
  contentSecurityPolicy: {
    defaultSrc: ["'none'"],
    styleSrc: ["'self'"],
    imgSrc: ['data:'], // the empty icon, which keeps browsers from asking for /favicon.ico
    formAction: ["'self'"],
    baseUri: ["'none'"],
    frameAncestors: ["'none'"],
  },
  xFrameOptions: 'DENY',
  xDnsPrefetchControl: false, // these three speak to browsers and plug-ins that are gone
  xDownloadOptions: false,
  xXssProtection: false,
})

/** Exactly the origins of `ALLOWED_ORIGINS`, without cookies: a page elsewhere sends the token itself. */
export const allowOrigins = cors({
  origin: (origin, c: Context<AppEnv>) => (config(c.env).ALLOWED_ORIGINS.includes(origin) ? origin : null),
  allowHeaders: ['Authorization', 'Content-Type'], // never unset: Hono would then echo what was asked (CVE-2026-69207)
  allowMethods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
  exposeHeaders: ['Retry-After', 'WWW-Authenticate', 'X-Request-Id'],
  maxAge: 600,
})
