import { METHOD_NAME_ALL } from 'hono/router'
import type * as v from 'valibot'
import type { ProblemCode } from '../../src/core/problem.ts'
import { freshLogin, loginRequired, offline, strictLogin } from '../../src/http/guard.ts'
import { configured } from '../../src/http/headers.ts'

/** One entry of Hono's list: a handler, or one of the middlewares in front of it. */
export type RouteEntry = { method: string; path: string; handler: object }

/** What the middleware in front of a route says about it. */
export type Route = {
  method: string
  path: string
  schema?: v.GenericSchema
  query?: v.GenericSchema
  guard?: 'login' | 'strict' | 'fresh' | 'offline'
  role?: string
  problems: ProblemCode[]
}

const guards = new Map<object, NonNullable<Route['guard']>>([
  [offline, 'offline'],
  [loginRequired, 'login'],
  [strictLogin, 'strict'],
  [freshLogin, 'fresh'],
])

const SAFE = new Set(['GET', 'HEAD'])

/** The routes of an app, each once, with what its middleware asks for and refuses. */
export function routesOf(entries: readonly RouteEntry[]): Map<string, Route> {
  const routes = new Map<string, Route>()
  entries.forEach(({ method, path }, at) => {
    if (method === METHOD_NAME_ALL || routes.has(`${method} ${path}`)) return
    const before = entries.filter((entry, index) =>
      entry.method === METHOD_NAME_ALL
        ? index < at && covers(entry.path, path)
        : entry.method === method && entry.path === path,
    )
    routes.set(
      `${method} ${path}`,
      routeBehind(
        method,
        path,
        before.map(({ handler }) => handler),
      ),
    )
  })
  return routes
}

const covers = (pattern: string, path: string): boolean => `${path}/`.startsWith(pattern.replace(/\*$/, ''))

function routeBehind(method: string, path: string, handlers: object[]): Route {
  const route: Route = { method, path, problems: ['internal_error'] }
  if (!SAFE.has(method)) route.problems.push('body_too_large')
  for (const handler of handlers) {
    if (handler === configured) route.problems.push('not_ready', 'unavailable')
    if ('prefilter' in handler) route.problems.push('too_many_attempts')
    if ('schema' in handler) {
      route.schema = handler.schema as v.GenericSchema
      route.problems.push('malformed_json', 'unsupported_media_type', 'invalid_body')
    }
    if ('query' in handler) {
      route.query = handler.query as v.GenericSchema
      route.problems.push('invalid_query')
    }
    const guard =
      'role' in handler ? ('fresh' in handler && handler.fresh === true ? 'fresh' : 'strict') : guards.get(handler)
    if (guard === undefined) continue
    route.guard = guard
    route.problems.push('login_required', 'invalid_token')
    if (!SAFE.has(method)) route.problems.push('cross_site_request')
    if (guard === 'fresh') route.problems.push('fresh_login_required')
    if ('role' in handler) {
      route.role = String(handler.role)
      route.problems.push('insufficient_role')
    }
  }
  return route
}
