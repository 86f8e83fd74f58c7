import { Hono } from 'hono'
import type { AppEnv } from '../../http/app-env.ts'
import { body } from '../../http/body.ts'
import { callOf } from '../../http/call.ts'
import { registering } from './inputs.ts'
import { register } from './register.ts'

/** Registering a new account. */
export const routes = new Hono<AppEnv>()
  .basePath('/user')
  .post('/register', registering.limit, body(registering.input), async (c) => {
    await register(callOf(c), c.req.valid('json'))
    return c.json({ status: 'accepted' }, 202)
  })
