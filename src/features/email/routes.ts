import { Hono } from 'hono'
import type { AppEnv } from '../../http/app-env.ts'
import { body } from '../../http/body.ts'
import { callOf } from '../../http/call.ts'
import { sessionOfRequest, strictLogin } from '../../http/guard.ts'
import { cancelEmailChange, cancelPendingChange } from './cancel.ts'
import { requestEmailChange } from './change.ts'
import { cancelling, changing, resending, verifying } from './inputs.ts'
import { pendingChange } from './pending.tsx'
import { resend } from './resend.ts'
import { verify } from './verify.ts'

/** Confirming an address, and changing it. */
export const routes = new Hono<AppEnv>()
  .basePath('/user')
  .post('/email/verify', verifying.limit, body(verifying.input), async (c) => {
    await verify(callOf(c), c.req.valid('json'), () => sessionOfRequest(c))
    return c.body(null, 204)
  })

  .post('/email/cancel', cancelling.limit, body(cancelling.input), async (c) => {
    await cancelEmailChange(callOf(c), c.req.valid('json').token)
    return c.body(null, 204)
  })

  .post('/email/resend', resending.limit, body(resending.input), async (c) => {
    await resend(callOf(c), c.req.valid('json').email)
    return c.json({ status: 'accepted' }, 202)
  })

  .post('/email', changing.limit, strictLogin, body(changing.input), async (c) => {
    await requestEmailChange(callOf(c), c.req.valid('json'))
    return c.json({ status: 'accepted' }, 202)
  })

  .get('/email/pending', strictLogin, async (c) => c.json({ pending: await pendingChange(callOf(c)) }))

  .delete('/email/pending', strictLogin, async (c) => {
    await cancelPendingChange(callOf(c))
    return c.body(null, 204)
  })
