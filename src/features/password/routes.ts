import { Hono } from 'hono'
import type { AppEnv } from '../../http/app-env.ts'
import { body } from '../../http/body.ts'
import { callOf } from '../../http/call.ts'
import { factorChange, strictLogin } from '../../http/guard.ts'
import { signIn, ticketIn } from '../../signing-in/finish.ts'
import { changePassword } from './change.ts'
import { forgot } from './forgot.ts'
import { changing, forgetting, loggingIn, removing, resetting } from './inputs.ts'
import { password } from './method.ts'
import { removePassword } from './remove.ts'
import { resetPassword } from './reset.ts'

/** Signing in with a password, resetting a forgotten one, and changing it. */
export const routes = new Hono<AppEnv>()
  .basePath('/user')
  .post('/login', loggingIn.limit, body(loggingIn.input), async (c) => {
    const call = callOf(c)
    const { ticket, ...input } = c.req.valid('json')
    return c.json(await signIn(call, password, { input, ticket: await ticketIn(call, ticket) }))
  })

  .post('/password/forgot', forgetting.limit, body(forgetting.input), async (c) => {
    await forgot(callOf(c), c.req.valid('json').email)
    return c.json({ status: 'accepted' }, 202)
  })

  .post('/password/reset', resetting.limit, body(resetting.input), async (c) => {
    await resetPassword(callOf(c), c.req.valid('json'))
    return c.body(null, 204)
  })

  .post('/password', changing.limit, strictLogin, body(changing.input), async (c) => {
    await changePassword(callOf(c), c.req.valid('json'))
    return c.body(null, 204)
  })

  .delete('/password', removing.limit, factorChange, async (c) => {
    await removePassword(callOf(c))
    return c.body(null, 204)
  })
