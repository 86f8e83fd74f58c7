import { Hono } from 'hono'
import * as v from 'valibot'
import { config } from '../../config.ts'
import { Problem } from '../../problem.ts'
import type { AppEnv } from '../../http/app-env.ts'
import { check } from '../../http/body.ts'
import { now } from '../../lib/time.ts'
import { isSameSecret } from '../../lib/secret.ts'
import { revocationsSince } from './queries.ts'

export const query = v.object({
  since: v.optional(v.pipe(v.string(), v.regex(/^\d{1,15}$/, 'malformed'), v.transform(Number)), '0'),
})

/**
 * The revoked sessions, for services that verify tokens themselves: first all of them, then, with `?since=<cursor>`,
 * the new ones. The route exists only if `REVOCATION_FEED_SECRET` is set, and requires that secret.
 */
export const routes = new Hono<AppEnv>().get('/revoked', async (c) => {
  const { REVOCATION_FEED_SECRET: secret } = config(c.env)
  if (secret === undefined) throw new Problem('not_found')
  const given = /^Bearer +(\S.*)$/i.exec(c.req.header('Authorization') ?? '')?.[1]
  if (given === undefined || !(await isSameSecret(given, secret))) {
    const error = given === undefined ? '' : ', error="invalid_token"'
    const headers = { 'WWW-Authenticate': `Bearer realm="latchkey"${error}` }
    throw new Problem(given === undefined ? 'login_required' : 'invalid_token', { headers })
  }
  const { since } = check(query, c.req.query())
  return c.json(await revocationsSince(c.env.DB, since, now()))
})
