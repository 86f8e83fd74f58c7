import { Hono } from 'hono'
import type { AppEnv } from '../../http/app-env.ts'
import { submittedBy } from '../../pages/answer.tsx'
import { formOf } from '../../pages/view.tsx'
import { withdraw } from './withdraw.ts'

/** The button that removes an application. */
export const pages = new Hono<AppEnv>().post('/account/applications', formOf('/account'), (c) =>
  submittedBy(c, async (call, fields) => {
    await withdraw(call, fields.get('withdraw') ?? '')
    return c.redirect('/account?done=withdrawn', 303)
  }),
)
