import { Hono } from 'hono'
import { Problem } from '../../problem.ts'
import { signedInUser } from '../../core/users/signed-in.ts'
import { forgetDevice, knownTo } from '../../doorkeeper/rpc.ts'
import type { AppEnv } from '../../http/app-env.ts'
import { callOf } from '../../http/call.ts'
import { strictLogin } from '../../http/guard.ts'

/** The devices that signed in before. At their next login they are counted apart from strangers. */
export const routes = new Hono<AppEnv>()
  .basePath('/user')
  .get('/devices', strictLogin, async (c) => {
    const call = callOf(c)
    const { devices: known } = await knownTo(call, await signedInUser(call))
    return c.json({ devices: known })
  })

  .delete('/devices/:id', strictLogin, async (c) => {
    const call = callOf(c)
    const known = await forgetDevice(call, { owner: await signedInUser(call), device: c.req.param('id') })
    if (!known) throw new Problem('not_found')
    return c.body(null, 204)
  })
