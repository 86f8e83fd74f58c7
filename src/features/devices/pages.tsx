import { Hono } from 'hono'
import { sessionsOf } from '../../core/sessions/sessions.ts'
import { signedInUser } from '../../core/users/signed-in.ts'
import { forgetDevice, ifAvailable, knownTo } from '../../doorkeeper/rpc.ts'
import type { AppEnv } from '../../http/app-env.ts'
import { callOf } from '../../http/call.ts'
import { opened, submittedBy } from '../../pages/answer.tsx'
import { pageLoginRequired } from '../../pages/own-page.tsx'
import { formOf, page, viewOf } from '../../pages/view.tsx'
import { Problem } from '../../problem.ts'
import { linesOf } from './list.ts'
import { DevicesPage } from './views.tsx'

/** Where the user is signed in or was before, and the buttons that forget a device. Those that end sessions are not ours. */
export const pages = new Hono<AppEnv>()
  .get('/account/devices', pageLoginRequired, (c) =>
    opened(c, async () => {
      const [call, view] = [callOf(c), viewOf(c)]
      const user = await signedInUser(call)
      const sessions = await sessionsOf(call, user.id)
      // The page must open without the doorkeeper, too: the user may need to end a session just then.
      const known = await ifAvailable(knownTo(call, user), 'devices_not_shown')
      const here = call.session.id
      const lines = linesOf(sessions, known?.devices ?? [], here)
      return page(c, view, <DevicesPage view={view} lines={lines} here={here} whole={known !== undefined} />)
    }),
  )

  .post('/account/devices', formOf('/account/devices'), (c) =>
    submittedBy(c, async (call, fields) => {
      const chosen = fields.get('forget') ?? ''
      const device = chosen === 'all' ? undefined : chosen
      if (!(await forgetDevice(call, { owner: await signedInUser(call), device }))) throw new Problem('not_found')
      return c.redirect('/account/devices?done=device', 303)
    }),
  )
