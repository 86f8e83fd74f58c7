import { Hono } from 'hono'
import type { AppEnv } from '../../http/app-env.ts'
import { body } from '../../http/body.ts'
import { callOf } from '../../http/call.ts'
import { factorChange } from '../../http/guard.ts'
import { signIn, ticketIn } from '../../signing-in/finish.ts'
import { confirmEnrolment, confirmInSignIn } from './confirm.ts'
import { enrol, enrolInSignIn } from './enrol.ts'
import { beginning, confirming, confirmingInSignIn, enrollingInSignIn, removing, signingIn } from './inputs.ts'
import { totp } from './method.ts'
import { removeApp } from './remove.ts'

/** The authenticator app: signing in with it, enrolling it, also while signing in, and removing it. */
export const routes = new Hono<AppEnv>()
  .basePath('/user')
  .post('/login/totp', signingIn.limit, body(signingIn.input), async (c) => {
    const call = callOf(c)
    const { ticket, code } = c.req.valid('json')
    return c.json(await signIn(call, totp, { input: { code }, ticket: await ticketIn(call, ticket) }))
  })

  .post('/login/totp/enrol', enrollingInSignIn.limit, body(enrollingInSignIn.input), async (c) => {
    const { ticket } = c.req.valid('json')
    return c.json({ ticket, ...(await enrolInSignIn(callOf(c), ticket)) })
  })

  .post('/login/totp/enrol/confirm', confirmingInSignIn.limit, body(confirmingInSignIn.input), async (c) =>
    c.json(await confirmInSignIn(callOf(c), c.req.valid('json'))),
  )

  .post('/totp', beginning.limit, factorChange, async (c) => c.json(await enrol(callOf(c)), 201))

  .post('/totp/confirm', confirming.limit, factorChange, body(confirming.input), async (c) =>
    c.json(await confirmEnrolment(callOf(c), c.req.valid('json').code)),
  )

  .delete('/totp', removing.limit, factorChange, async (c) => {
    await removeApp(callOf(c))
    return c.body(null, 204)
  })
