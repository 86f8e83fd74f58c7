import type { MiddlewareHandler } from 'hono'
import { config } from '../../config.ts'
import type { AppEnv } from '../../http/app-env.ts'
import { Problem } from '../../problem.ts'

/** Without `SIGNING_KEYS` nothing of this exists. @throws Problem 404 `not_found` */
export const whenOn: MiddlewareHandler<AppEnv> = (c, next) => {
  if (config(c.env).SIGNING_KEYS === undefined) throw new Problem('not_found')
  return next()
}
