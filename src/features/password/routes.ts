import { Hono } from 'hono'
import * as v from 'valibot'
import { confirmation, credentials, newPassword } from '../../core/credentials.ts'
import { deliverAfter } from '../../http/after.ts'
import type { AppEnv } from '../../http/app-env.ts'
import { body } from '../../http/body.ts'
import { clientOf } from '../../http/client.ts'
import { evenly } from '../../http/even.ts'
import { strictLogin } from '../../http/guard.ts'
import { prefilter } from '../../http/prefilter.ts'
import { now } from '../../lib/time.ts'
import { changePassword } from './change.ts'
import { forgot } from './forgot.ts'
import { resetPassword } from './reset.ts'

const forgotten = v.object({ email: credentials.entries.email })
const reset = v.object({ token: v.string(), password: newPassword })
const change = v.object({ current_password: confirmation.entries.password, new_password: newPassword })

/** A new password: for who forgot the old one, and for who knows it. */
export const password = new Hono<AppEnv>()
  .post('/password/forgot', prefilter('mail'), body(forgotten), async (c) => {
    await evenly(forgot(c.env, c.req.valid('json').email, clientOf(c), now()))
    deliverAfter(c)
    return c.json({ status: 'accepted' }, 202)
  })

  .post('/password/reset', prefilter('link'), body(reset), async (c) => {
    await resetPassword(c.env, c.req.valid('json'), clientOf(c), now())
    deliverAfter(c)
    return c.body(null, 204)
  })

  .post('/password', strictLogin, body(change), async (c) => {
    await changePassword(c.env, c.var.session, c.req.valid('json'), clientOf(c), now())
    deliverAfter(c)
    return c.body(null, 204)
  })
