import type { Hono, MiddlewareHandler, Schema } from 'hono'
import type { Feature, Registry } from '../core/call.ts'
import type { AppEnv } from './app-env.ts'

type Routes = Hono<AppEnv, Schema, string>

/** A feature as `src/app.ts` mounts it. Its routes contain their full paths. */
export type Mounted = Feature & {
  /** The JSON routes. Errors are `application/problem+json`. */
  routes?: Routes
  /** The HTML pages. Errors are shown on a page. */
  pages?: Routes
  /** Mounted before the settings are checked: these routes also work on a service that is not configured. */
  unconfigured?: true
}

/** Provides the registry to each request, as `c.var.registry`. */
export const carry =
  (registry: Registry): MiddlewareHandler<AppEnv> =>
  (c, next) => {
    c.set('registry', registry)
    return next()
  }
