import { Hono } from 'hono'
import * as v from 'valibot'
import { confirmation, credentials, emailAddress } from '../../core/credentials.ts'
import { deliverAfter } from '../../http/after.ts'
import type { AppEnv } from '../../http/app-env.ts'
import { body } from '../../http/body.ts'
import { clientOf } from '../../http/client.ts'
import { evenly } from '../../http/even.ts'
import { strictLogin } from '../../http/guard.ts'
import { prefilter } from '../../http/prefilter.ts'
import { now } from '../../lib/time.ts'
import { requestEmailChange } from './change.ts'
import { resend } from './resend.ts'
import { verify } from './verify.ts'

const mailed = v.object({ token: v.string() })
const resending = v.object({ email: credentials.entries.email })
const change = v.object({ email: emailAddress, password: confirmation.entries.password })

/** Proving that an address is one's own, and moving to another. */
export const email = new Hono<AppEnv>()
  .post('/email/verify', prefilter('link'), body(mailed), async (c) => {
    await verify(c.env, c.req.valid('json').token, clientOf(c), now())
    deliverAfter(c)
    return c.body(null, 204)
  })

  .post('/email/resend', prefilter('mail'), body(resending), async (c) => {
    await evenly(resend(c.env, c.req.valid('json').email, clientOf(c), now()))
    deliverAfter(c)
    return c.json({ status: 'accepted' }, 202)
  })

  .post('/email', strictLogin, body(change), async (c) => {
    await requestEmailChange(c.env, c.var.session, c.req.valid('json'), clientOf(c), now())
    deliverAfter(c)
    return c.json({ status: 'accepted' }, 202)
  })
