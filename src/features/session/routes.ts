import { Hono } from 'hono'
import { sessionsOf } from '../../core/sessions/sessions.ts'
import type { AppEnv } from '../../http/app-env.ts'
import { body } from '../../http/body.ts'
import { callOf } from '../../http/call.ts'
import { anyLevelLogin, offline, strictLogin } from '../../http/guard.ts'
import { tokenAnswer } from '../../signing-in/tokens.ts'
import { endAllSessions, endOtherSession, endSession } from './end.ts'
import { confirming, refreshing } from './inputs.ts'
import { reauthenticate } from './reauth.ts'
import { refresh } from './refresh.ts'

/** The user's sessions: refresh, reauthenticate, list, end. */
export const routes = new Hono<AppEnv>()
  .basePath('/user')
  .post('/refresh', refreshing.limit, body(refreshing.input), async (c) => {
    const call = callOf(c)
    return c.json(await tokenAnswer(call, await refresh(call, c.req.valid('json').refresh_token)))
  })

  .post('/reauth', confirming.limit, anyLevelLogin, body(confirming.input), async (c) => {
    const call = callOf(c)
    return c.json(await tokenAnswer(call, await reauthenticate(call, c.req.valid('json'))))
  })

  // A token whose session has ended may still log out: logging out twice is the same as once (RFC 7009 section 2.2).
  .post('/logout', offline, async (c) => {
    await endSession(callOf(c))
    return c.body(null, 204)
  })

  .post('/logout/everywhere', anyLevelLogin, async (c) => {
    await endAllSessions(callOf(c))
    return c.body(null, 204)
  })

  .get('/sessions', strictLogin, async (c) => {
    const sessions = await sessionsOf(callOf(c), c.var.session.user_id)
    return c.json({ sessions: sessions.map((row) => ({ ...row, current: row.id === c.var.session.id })) })
  })

  .delete('/sessions/:id', strictLogin, async (c) => {
    await endOtherSession(callOf(c), c.req.param('id'))
    return c.body(null, 204)
  })
