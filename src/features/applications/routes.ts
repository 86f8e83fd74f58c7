import { Hono } from 'hono'
import { applicationsOf } from '../../core/clients/consents.ts'
import type { AppEnv } from '../../http/app-env.ts'
import { callOf } from '../../http/call.ts'
import { strictLogin } from '../../http/guard.ts'
import { withdraw } from './withdraw.ts'

/** The applications that a user signed in to with this account. */
export const routes = new Hono<AppEnv>()
  .basePath('/user')
  .get('/applications', strictLogin, async (c) => {
    const call = callOf(c)
    return c.json({ applications: await applicationsOf(call, call.session.user_id) })
  })

  .delete('/applications/:client_id', strictLogin, async (c) => {
    await withdraw(callOf(c), c.req.param('client_id'))
    return c.body(null, 204)
  })
