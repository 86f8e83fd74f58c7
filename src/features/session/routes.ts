import { Hono } from 'hono'
import * as v from 'valibot'
import { config } from '../../config.ts'
import { confirmation } from '../../core/credentials.ts'
import { sessionsOf } from '../../core/sessions.ts'
import { deliverAfter } from '../../http/after.ts'
import type { AppEnv } from '../../http/app-env.ts'
import { body } from '../../http/body.ts'
import { clientOf } from '../../http/client.ts'
import { offline, strictLogin } from '../../http/guard.ts'
import { prefilter } from '../../http/prefilter.ts'
import { tokenAnswer } from '../../http/sign-in.ts'
import { now } from '../../lib/time.ts'
import { endAllSessions, endOtherSession, endSession } from './end.ts'
import { reauthenticate } from './reauth.ts'
import { refresh } from './refresh.ts'

const refreshing = v.object({ refresh_token: v.string() })

/** What somebody does with the sessions they have: renew, confirm, list, end. */
export const session = new Hono<AppEnv>()
  .post('/refresh', prefilter('refresh'), body(refreshing), async (c) => {
    const [settings, at] = [config(c.env), now()]
    const grant = await refresh(c.env, c.req.valid('json').refresh_token, clientOf(c), at)
    return c.json(await tokenAnswer(grant, settings, at))
  })

  .post('/reauth', strictLogin, body(confirmation), async (c) => {
    const [settings, at] = [config(c.env), now()]
    const { password } = c.req.valid('json')
    const grant = await reauthenticate(c.env, c.var.session, password, clientOf(c), at)
    return c.json(await tokenAnswer(grant, settings, at))
  })

  // A token whose session has ended may still say goodbye: leaving twice is the same as once (RFC 7009 section 2.2).
  .post('/logout', offline, async (c) => {
    await endSession(c.env.DB, c.var.session, clientOf(c), now())
    return c.body(null, 204)
  })

  .post('/logout/everywhere', strictLogin, async (c) => {
    await endAllSessions(c.env.DB, c.var.session, clientOf(c), now())
    deliverAfter(c)
    return c.body(null, 204)
  })

  .get('/sessions', strictLogin, async (c) => {
    const sessions = await sessionsOf(c.env.DB, config(c.env), c.var.session.user_id, now())
    return c.json({ sessions: sessions.map((row) => ({ ...row, current: row.id === c.var.session.id })) })
  })

  .delete('/sessions/:id', strictLogin, async (c) => {
    await endOtherSession(c.env.DB, c.var.session, c.req.param('id'), clientOf(c), now())
    deliverAfter(c)
    return c.body(null, 204)
  })
