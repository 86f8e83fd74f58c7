import type { MiddlewareHandler } from 'hono'
import { Problem } from '../core/problem.ts'
import { isLoopback, network } from '../lib/network.ts'
import type { AppEnv } from './app-env.ts'
import { clientOf } from './client.ts'

/** Seconds: the period of the bindings in wrangler.toml. */
const PERIOD_SECONDS = 60

/**
 * A first, approximate limit on what one network may ask of a route, before anything is read or hashed. Named by the
 * route, not by its path, which can be spelled in many ways. This machine is not limited: from outside, nobody has its address.
 * @throws Problem 429 `too_many_attempts`
 */
export function prefilter(route: 'login' | 'register' | 'mail' | 'link' | 'refresh'): MiddlewareHandler<AppEnv> {
  const limit: MiddlewareHandler<AppEnv> = async (c, next) => {
    const { ip } = clientOf(c)
    if (!isLoopback(ip)) {
      const cheap = route === 'refresh' || route === 'link'
      const limiter = cheap ? c.env.PREFILTER_REFRESH : c.env.PREFILTER
      const { success } = await limiter.limit({ key: `${route} ${network(ip)}` })
      if (!success) throw new Problem('too_many_attempts', { headers: { 'Retry-After': String(PERIOD_SECONDS) } })
    }
    await next()
  }
  return Object.assign(limit, { prefilter: route })
}
