import { Hono } from 'hono'
import { auditRow } from '../../core/audit.ts'
import { batch } from '../../core/d1.ts'
import { Problem } from '../../core/problem.ts'
import { findUser } from '../../core/users.ts'
import { unlock } from '../../doorkeeper/ask.ts'
import type { AppEnv } from '../../http/app-env.ts'
import { clientOf } from '../../http/client.ts'
import { roleRequired } from '../../http/guard.ts'
import { sql } from '../../lib/sql.ts'
import { now } from '../../lib/time.ts'

/** What an operator may do. An admin is a user whose `roles` column says so. */
export const admin = new Hono<AppEnv>().post('/users/:id/unlock', roleRequired('admin'), async (c) => {
  const user =
    /^\d{1,15}$/.test(c.req.param('id')) && (await findUser(c.env.DB, sql`id = ${Number(c.req.param('id'))}`))
  if (!user) throw new Problem('not_found')
  await unlock(c.env, user.email)
  const event = { event: 'account_unlocked', user_id: user.id, session_id: c.var.session.id } as const
  await batch(c.env.DB, [auditRow(event, clientOf(c), now())]) // the session is the operator's: it says who
  return c.body(null, 204)
})
