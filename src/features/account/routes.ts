import { Hono } from 'hono'
import { signedInUser } from '../../core/users/signed-in.ts'
import type { AppEnv } from '../../http/app-env.ts'
import { body } from '../../http/body.ts'
import { callOf } from '../../http/call.ts'
import { freshLogin, strictLogin } from '../../http/guard.ts'
import { deleteAccount } from './delete.ts'
import { deleting, renaming } from './inputs.ts'
import { everythingAbout } from './queries.ts'
import { rename } from './rename.ts'

/** The user's own account: read, name, export and delete it. */
export const routes = new Hono<AppEnv>()
  .basePath('/user')
  .get('/me', strictLogin, async (c) => {
    const { id: user_id, email, name, email_verified, roles, created_at } = await signedInUser(callOf(c))
    return c.json({ user_id, email, name, email_verified, roles, created_at })
  })

  .patch('/me', strictLogin, body(renaming), async (c) => {
    await rename(callOf(c), c.req.valid('json'))
    return c.body(null, 204)
  })

  .get('/me/export', freshLogin, async (c) => c.json(await everythingAbout(callOf(c))))

  .delete('/me', deleting.limit, strictLogin, body(deleting.input), async (c) => {
    await deleteAccount(callOf(c), c.req.valid('json'))
    return c.body(null, 204)
  })
