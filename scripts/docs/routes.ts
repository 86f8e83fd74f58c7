import { METHOD_NAME_ALL } from 'hono/router'
import type * as v from 'valibot'
import type { ProblemCode } from '../../src/problem.ts'
import {
  anyLevelLogin,
  factorChange,
  factorRequired,
  freshLogin,
  loginRequired,
  offline,
  strictLogin,
} from '../../src/http/guard.ts'
import { nameClient } from '../../src/http/backend.ts'
import { configured } from '../../src/http/headers.ts'
import { yours } from '../../src/yours/index.ts'

/** One entry of Hono's list: a handler, or one of the middlewares in front of it. */
export type RouteEntry = { method: string; path: string; handler: object }

/** What the middleware in front of a route says about it. */
export type Route = {
  method: string
  path: string
  schema?: v.GenericSchema
  query?: v.GenericSchema
  guard?: 'login' | 'strict' | 'any level' | 'fresh' | 'factor' | 'factor change' | 'offline'
  role?: string
  problems: ProblemCode[]
}

const guards = new Map<object, NonNullable<Route['guard']>>([
  [offline, 'offline'],
  [loginRequired, 'login'],
  [strictLogin, 'strict'],
  [anyLevelLogin, 'any level'],
  [freshLogin, 'fresh'],
  [factorRequired, 'factor'],
  [factorChange, 'factor change'],
])

/** The guards that check the level that the settings demand. */
const AT_A_LEVEL = new Set<Route['guard']>(['strict', 'fresh', 'factor', 'factor change'])

const SAFE = new Set(['GET', 'HEAD'])

/** The entries of Latchkey itself: those of `src/yours` are described by whoever wrote them. */
export function withoutYours<E extends RouteEntry>(entries: readonly E[]): E[] {
  const own = new Set(yours.routes.routes.map(({ method, path }) => `${method} ${path}`))
  return entries.filter(({ method, path }) => !own.has(`${method} ${path}`))
}

/** The routes of an app, each once, with what its middleware asks for and refuses. */
export function routesOf(entries: readonly RouteEntry[]): Map<string, Route> {
  const routes = new Map<string, Route>()
  entries.forEach(({ method, path }, at) => {
    const name = path.replace(/\{.+\}$/, '') // without the pattern of a parameter
    if (method === METHOD_NAME_ALL || routes.has(`${method} ${name}`)) return
    const before = entries.filter((entry, index) =>
      entry.method === METHOD_NAME_ALL
        ? index < at && covers(entry.path, path)
        : entry.method === method && entry.path === path,
    )
    routes.set(
      `${method} ${name}`,
      routeBehind(
        method,
        name,
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
    if (handler === nameClient) route.problems.push('unknown_backend', 'invalid_client_address')
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
    route.problems.push('login_required', 'invalid_token', 'too_many_attempts') // 429: a browser's renewal is limited
    if (!SAFE.has(method)) route.problems.push('cross_site_request')
    if (AT_A_LEVEL.has(guard)) route.problems.push('step_up_required')
    if (guard === 'fresh' || guard === 'factor change') route.problems.push('fresh_login_required')
    if ('role' in handler) {
      route.role = String(handler.role)
      route.problems.push('insufficient_role')
    }
  }
  return route
}
