import { Hono } from 'hono'
import { Problem } from '../../core/problem.ts'
import { userById } from '../../core/users.ts'
import type { AppEnv } from '../../http/app-env.ts'
import { loginRequired } from '../../http/guard.ts'

/** What a person's own account looks like to them. */
export const me = new Hono<AppEnv>().get('/me', loginRequired, async (c) => {
  const user = await userById(c.env.DB, c.var.session.user_id)
  if (!user) throw new Problem('not_found')
  const { id: user_id, email, email_verified, roles, created_at } = user
  return c.json({ user_id, email, email_verified, roles, created_at })
})
