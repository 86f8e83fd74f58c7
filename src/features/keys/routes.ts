import { Hono } from 'hono'
import { config } from '../../config.ts'
import { publicKeys } from '../../core/keys/signing.ts'
import { Problem } from '../../problem.ts'
import type { AppEnv } from '../../http/app-env.ts'

/**
 * Seconds. A rotation waits much longer before a new key signs, because some verifiers ignore this. It is short for the
 * other case: a key that leaked is gone from well-behaved caches soon.
 */
const MAX_AGE_SECONDS = 600

/**
 * The public keys (RFC 7517 section 5): current, next and previous. Any page on any site may read them. The route has no
 * limit: the answer comes from memory, and who gets none refuses good tokens. Without `SIGNING_KEYS` it does not exist.
 */
export const routes = new Hono<AppEnv>().get('/oauth/jwks', (c) => {
  const keys = publicKeys(config(c.env))
  if (keys.length === 0) throw new Problem('not_found')
  return c.json({ keys }, 200, {
    'Access-Control-Allow-Origin': '*',
    'Cache-Control': `public, max-age=${MAX_AGE_SECONDS}`,
    'Cross-Origin-Resource-Policy': 'cross-origin',
  })
})
