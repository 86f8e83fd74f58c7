import type { MiddlewareHandler } from 'hono'
import * as v from 'valibot'
import { countedNetwork, type Origin } from '../core/origin.ts'
import { credentials } from '../core/passwords/credentials.ts'
import { Problem } from '../problem.ts'
import { isDeviceOf } from '../doorkeeper/rpc.ts'
import { isLoopback } from '../lib/network.ts'
import { isWithinRate } from '../lib/rate-limit.ts'
import type { AppEnv, Asked } from './app-env.ts'
import { isJson, jsonOf } from './body.ts'
import { originOf } from './origin.ts'
import { DEVICE_COOKIE, ownCookies } from './cookie.ts'

/** Seconds. The period of the bindings in wrangler.toml. */
const PERIOD_SECONDS = 60

/**
 * `confirm`: the password is entered again. `admin`: actions that mail another user. `challenge`: the options of a passkey,
 * which every login page fetches. `document`: requests that make us fetch one.
 */
const LIMITERS = {
  login: 'PREFILTER_REFRESH', // many honest people may share an address; `amongCrowd` counts failures
  register: 'PREFILTER',
  mail: 'PREFILTER',
  confirm: 'PREFILTER',
  link: 'PREFILTER_REFRESH',
  refresh: 'PREFILTER_REFRESH',
  ready: 'PREFILTER_REFRESH',
  challenge: 'PREFILTER_REFRESH',
  admin: 'PREFILTER_REFRESH',
  authorize: 'PREFILTER_REFRESH',
  document: 'PREFILTER',
  token: 'BREAKER', // all users of an application come from its server
  userinfo: 'BREAKER',
  revoke: 'BREAKER',
} as const

type Limited = keyof typeof LIMITERS

/**
 * A first, approximate limit on the requests of one network to a route, before anything is read or hashed. A signed-in
 * account has the same limit. The guard counts it, so that a token whose session has ended uses up nothing. Counters
 * are named after the route, because a path can be spelled in many ways. The local machine is not limited: nobody
 * outside has its address. Above the limit of logins, known devices may continue. If the limiter fails, all requests
 * are accepted except registrations, whose work nothing else limits.
 * @throws Problem 429 `too_many_attempts`, 503 `unavailable`
 */
export function prefilter(route: Limited): MiddlewareHandler<AppEnv> {
  const limit: MiddlewareHandler<AppEnv> = async (c, next) => {
    await limitNetwork(c, route)
    if (!isLoopback(originOf(c).ip)) {
      const each = (whom: string) => async (id: number | string) => {
        if (!(await admits(c.env, route, `${whom} ${id}`))) throw tooMany()
      }
      if (route === 'confirm' || route === 'admin' || route === 'authorize') c.set('countAccount', each('user'))
      if (route === 'token' || route === 'userinfo' || route === 'revoke') c.set('countClient', each('client'))
    }
    await next()
  }
  return Object.assign(limit, { prefilter: route })
}

/** The same for what is not a route of its own. @throws Problem 429 `too_many_attempts`, 503 `unavailable` */
export async function limitNetwork(c: Asked, route: Limited): Promise<void> {
  const origin = originOf(c)
  if (isLoopback(origin.ip)) return
  const admitted = (await admits(c.env, route, countedNetwork(origin))) && (await admitsBackend(c.env, route, origin))
  if (!admitted && !(await admitsDevice(c, route))) throw tooMany()
}

const tooMany = () => new Problem('too_many_attempts', { headers: { 'Retry-After': String(PERIOD_SECONDS) } })

async function admits(
  env: Env,
  route: Limited,
  whom: string,
  limiter: 'PREFILTER' | 'PREFILTER_REFRESH' | 'BREAKER' = LIMITERS[route],
): Promise<boolean> {
  const admitted = await isWithinRate(env[limiter], `${route} ${whom}`)
  if (admitted === undefined && route === 'register') {
    throw new Problem('unavailable', { headers: { 'Retry-After': '2' } })
  }
  return admitted ?? true
}

/**
 * With a leaked secret, a thief could state any number of networks. So all networks of one back end share a limit,
 * twice the largest limit of one network. It is checked second, so that no single visitor can lock out the others.
 */
const admitsBackend = async (env: Env, route: Limited, { named_by }: Origin): Promise<boolean> =>
  named_by === undefined || admits(env, route, `backend ${named_by}`, 'BREAKER')

/**
 * A login from a known device has a limit of its own, so that an attacker who floods a network does not lock out its
 * earlier users.
 */
async function admitsDevice(c: Asked, route: Limited): Promise<boolean> {
  if (route !== 'login') return false
  const { email, device_token } = await shownDevice(c)
  const device = email && device_token && (await isDeviceOf(device_token, email, c.env))
  return device ? admits(c.env, route, `device ${device_token}`, 'PREFILTER') : false
}

const shown = v.object({
  email: credentials.entries.email,
  device_token: credentials.entries.device_token,
})

/**
 * The device token in a login's body, or in the cookie of the page. Empty if either is malformed, which the handler
 * will report.
 */
async function shownDevice(c: Asked): Promise<Partial<v.InferOutput<typeof shown>>> {
  try {
    const bytes = await c.req.arrayBuffer()
    const [device_token] = ownCookies(c, DEVICE_COOKIE)
    const form = () => ({ email: new URLSearchParams(new TextDecoder().decode(bytes)).get('email'), device_token })
    return v.parse(shown, isJson(c) ? jsonOf(bytes) : form())
  } catch {
    return {}
  }
}
