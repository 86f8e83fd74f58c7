import { Hono } from 'hono'
import * as v from 'valibot'
import { emailAddress, newPassword } from '../../core/credentials.ts'
import { deliverAfter } from '../../http/after.ts'
import type { AppEnv } from '../../http/app-env.ts'
import { body } from '../../http/body.ts'
import { clientOf } from '../../http/client.ts'
import { prefilter } from '../../http/prefilter.ts'
import { now } from '../../lib/time.ts'
import { register } from './register.ts'

const registration = v.object({ email: emailAddress, password: newPassword })

/** Becoming a user. */
export const registering = new Hono<AppEnv>().post(
  '/register',
  prefilter('register'),
  body(registration),
  async (c) => {
    await register(c.env, c.req.valid('json'), clientOf(c), now())
    deliverAfter(c)
    return c.json({ status: 'accepted' }, 202)
  },
)
