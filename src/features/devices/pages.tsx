import { Hono } from 'hono'
import { signedInUser } from '../../core/users/signed-in.ts'
import { forgetDevice } from '../../doorkeeper/rpc.ts'
import type { AppEnv } from '../../http/app-env.ts'
import { submittedBy } from '../../pages/answer.tsx'
import { formOf } from '../../pages/view.tsx'
import { Problem } from '../../problem.ts'

/** The button that forgets a device. */
export const pages = new Hono<AppEnv>().post('/account/devices', formOf('/account'), (c) =>
  submittedBy(c, async (call, fields) => {
    const known = await forgetDevice(call, { owner: await signedInUser(call), device: fields.get('forget') ?? '' })
    if (!known) throw new Problem('not_found')
    return c.redirect('/account?done=device', 303)
  }),
)
