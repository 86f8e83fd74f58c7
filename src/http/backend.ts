import type { MiddlewareHandler } from 'hono'
import { config } from '../config.ts'
import { Problem } from '../problem.ts'
import { isPublicAddress } from '../lib/network.ts'
import { isSameSecret } from '../lib/secret.ts'
import type { AppEnv } from './app-env.ts'

/** `name:secret`, one of `TRUSTED_BACKENDS`. */
const BACKEND = 'Latchkey-Backend'

/** The IP address of the person that the back end acts for. */
const CLIENT_IP = 'Latchkey-Client-IP'

/**
 * Lets a trusted back end state the IP address of the person it acts for; otherwise its own address would stand for all
 * of them. One header without the other is refused, so that a missing header is noticed at once and not during an
 * attack.
 * @throws Problem 401 `unknown_backend`, 400 `invalid_client_address`
 */
export const nameClient: MiddlewareHandler<AppEnv> = async (c, next) => {
  const ip = c.req.header(CLIENT_IP)
  const shown = c.req.header(BACKEND)
  if (ip === undefined && shown === undefined) return next()
  let known = false // every one is compared, so that the time reveals nothing
  for (const backend of config(c.env).TRUSTED_BACKENDS) {
    if (await isSameSecret(backend, shown ?? '')) known = true
  }
  if (!known || shown === undefined) throw new Problem('unknown_backend')
  if (ip === undefined || !isPublicAddress(ip)) throw new Problem('invalid_client_address')
  c.set('named', { ip, named_by: shown.slice(0, shown.indexOf(':')) })
  await next()
}
