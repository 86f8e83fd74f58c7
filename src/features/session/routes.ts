import { Hono } from 'hono'
import { endSession } from '../../core/sessions.ts'
import type { AppEnv } from '../../http/app-env.ts'
import { clientOf } from '../../http/client.ts'
import { loginRequired } from '../../http/guard.ts'
import { now } from '../../lib/time.ts'

/** Leaving. */
export const session = new Hono<AppEnv>().post('/logout', loginRequired, async (c) => {
  await endSession(c.env.DB, c.var.session, clientOf(c), now())
  return c.body(null, 204)
})
