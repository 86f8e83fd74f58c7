import { Hono } from 'hono'
import { readTicket } from '../../core/ticket.ts'
import type { AppEnv } from '../../http/app-env.ts'
import { body } from '../../http/body.ts'
import { callOf } from '../../http/call.ts'
import { signIn, ticketIn } from '../../signing-in/finish.ts'
import { askForCode, CODE_TICKET } from './ask.ts'
import { asking, verifying } from './inputs.ts'
import { code } from './method.ts'

/** Signing in with a mailed code. */
export const routes = new Hono<AppEnv>()
  .basePath('/user/login')
  .post('/code', asking.limit, body(asking.input), async (c) => {
    const call = callOf(c)
    const { ticket, ...asked } = c.req.valid('json')
    return c.json(await askForCode(call, asked, await ticketIn(call, ticket)), 202)
  })

  .post('/code/verify', verifying.limit, body(verifying.input), async (c) => {
    const call = callOf(c)
    const { ticket, ...input } = c.req.valid('json')
    return c.json(await signIn(call, code, { input, ticket: await readTicket(call, CODE_TICKET, ticket) }))
  })
