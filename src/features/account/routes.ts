import { Hono } from 'hono'
import { confirmation } from '../../core/credentials.ts'
import { Problem } from '../../core/problem.ts'
import { findUser } from '../../core/users.ts'
import { deliverAfter } from '../../http/after.ts'
import type { AppEnv } from '../../http/app-env.ts'
import { body } from '../../http/body.ts'
import { clientOf } from '../../http/client.ts'
import { freshLogin, strictLogin } from '../../http/guard.ts'
import { sql } from '../../lib/sql.ts'
import { now } from '../../lib/time.ts'
import { deleteAccount } from './delete.ts'
import { everythingAbout } from './queries.ts'

/** What a person's own account looks like to them, what is held about them, and leaving for good. */
export const account = new Hono<AppEnv>()
  .get('/me', strictLogin, async (c) => {
    const user = await findUser(c.env.DB, sql`id = ${c.var.session.user_id}`)
    if (!user) throw new Problem('not_found')
    const { id: user_id, email, email_verified, roles, created_at } = user
    return c.json({ user_id, email, email_verified, roles, created_at })
  })

  .get('/me/export', freshLogin, async (c) => c.json(await everythingAbout(c.env, c.var.session.user_id)))

  .delete('/me', strictLogin, body(confirmation), async (c) => {
    const { password } = c.req.valid('json')
    await deleteAccount(c.env, c.var.session, password, clientOf(c), now())
    deliverAfter(c)
    return c.body(null, 204)
  })
