import { Hono } from 'hono'
import { factorsOf } from '../../core/users/factors.ts'
import { isPossession } from '../../core/users/ways.ts'
import type { AppEnv } from '../../http/app-env.ts'
import { body } from '../../http/body.ts'
import { callOf } from '../../http/call.ts'
import { factorChange, strictLogin } from '../../http/guard.ts'
import { switching } from './inputs.ts'
import { turnOff, turnOn } from './switch.ts'

/** The factors of an account, and whether it asks for a second one. */
export const routes = new Hono<AppEnv>()
  .basePath('/user')
  .get('/factors', strictLogin, async (c) => {
    const { env, registry, session } = callOf(c)
    return c.json(await factorsOf(env.DB, registry.methods.filter(isPossession), session.user_id))
  })

  .put('/second-factor', switching.limit, factorChange, body(switching.input), async (c) => {
    const call = callOf(c)
    if (c.req.valid('json').on) return c.json(await turnOn(call))
    await turnOff(call)
    return c.body(null, 204)
  })
