import { Hono } from 'hono'
import { Problem } from '../../core/problem.ts'
import { findUser } from '../../core/users.ts'
import { forgetDevice, knownTo } from '../../doorkeeper/ask.ts'
import type { AppEnv, Asked } from '../../http/app-env.ts'
import { strictLogin } from '../../http/guard.ts'
import { sql } from '../../lib/sql.ts'

/** The devices that signed in before, and so are counted apart from strangers at the next login. */
export const devices = new Hono<AppEnv>()
  .get('/devices', strictLogin, async (c) => {
    const { devices: known } = await knownTo(c.env, await emailOf(c, c.var.session.user_id))
    return c.json({ devices: known })
  })

  .delete('/devices/:id', strictLogin, async (c) => {
    const known = await forgetDevice(c.env, await emailOf(c, c.var.session.user_id), c.req.param('id'))
    if (!known) throw new Problem('not_found')
    return c.body(null, 204)
  })

async function emailOf(c: Asked, user_id: number): Promise<string> {
  const user = await findUser(c.env.DB, sql`id = ${user_id}`)
  if (!user) throw new Problem('not_found')
  return user.email
}
