import { Hono } from 'hono'
import type { AppEnv } from '../../http/app-env.ts'
import { callOf } from '../../http/call.ts'
import { factorChange, strictLogin } from '../../http/guard.ts'
import { linking } from './inputs.ts'
import { unlink } from './link.ts'
import { identitiesOf } from './queries.ts'

/** The identities of the signed-in user at identity providers. */
export const routes = new Hono<AppEnv>()
  .basePath('/user/identities')
  .get('/', strictLogin, async (c) => {
    const call = callOf(c)
    return c.json({ identities: await identitiesOf(call, call.session.user_id) })
  })

  .delete('/:provider', linking.limit, factorChange, async (c) => {
    await unlink(callOf(c), c.req.param('provider'))
    return c.body(null, 204)
  })
