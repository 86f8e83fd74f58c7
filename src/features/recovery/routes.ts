import { Hono } from 'hono'
import type { AppEnv } from '../../http/app-env.ts'
import { body } from '../../http/body.ts'
import { callOf } from '../../http/call.ts'
import { factorChange } from '../../http/guard.ts'
import { signIn, ticketIn } from '../../signing-in/finish.ts'
import { renewing, signingIn } from './inputs.ts'
import { recovery } from './method.ts'
import { renewCodes } from './renew.ts'

/** Signing in with a recovery code, and making new ones. */
export const routes = new Hono<AppEnv>()
  .basePath('/user')
  .post('/login/recovery', signingIn.limit, body(signingIn.input), async (c) => {
    const call = callOf(c)
    const { ticket, code } = c.req.valid('json')
    return c.json(await signIn(call, recovery, { input: { code }, ticket: await ticketIn(call, ticket) }))
  })

  .post('/recovery-codes', renewing.limit, factorChange, async (c) => c.json(await renewCodes(callOf(c))))
