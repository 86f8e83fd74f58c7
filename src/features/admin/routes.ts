import { type Context, Hono } from 'hono'
import { config } from '../../config.ts'
import { disableUser, enableUser, endSessionsOf, setRoles } from '../../core/administration.ts'
import type { Client } from '../../core/audit.ts'
import { deliverAfter } from '../../http/after.ts'
import type { AppEnv } from '../../http/app-env.ts'
import { body } from '../../http/body.ts'
import { clientOf } from '../../http/client.ts'
import { type Guarded, roleRequired } from '../../http/guard.ts'
import { query } from '../../http/query.ts'
import { now } from '../../lib/time.ts'
import { createUser } from './create.ts'
import { removeUser } from './delete.ts'
import { eventFilter, idOf, newUser, rolesBody, statsFilter, userFilter } from './parameters.ts'
import { eventsPage, statistics, userDetails, usersPage } from './queries.ts'
import { forceReset } from './reset.ts'
import { unlockUser } from './unlock.ts'

/** For what gives power to somebody, or cannot be undone: whoever stole an admin's token lacks the password. */
const FRESH = { fresh: true }

/** What an admin may do: a user with the role. Each answer of 204 is the same when asked again. */
export const admin = new Hono<AppEnv>()
  .get('/users', roleRequired('admin'), query(userFilter), async (c) =>
    c.json(await usersPage(c.env.DB, c.req.valid('query'))),
  )

  .post('/users', roleRequired('admin', FRESH), body(newUser), async (c) => {
    const user = await createUser(c.env, c.req.valid('json'), adminOf(c), now())
    deliverAfter(c)
    return c.json(user, 201, { Location: `/admin/users/${user.user_id}` })
  })

  .get('/users/:id', roleRequired('admin'), async (c) =>
    c.json(await userDetails(c.env.DB, config(c.env), idOf(c.req.param('id')), now())),
  )

  .delete('/users/:id', roleRequired('admin', FRESH), async (c) => {
    await removeUser(c.env, idOf(c.req.param('id')), adminOf(c), now())
    return done(c)
  })

  .delete('/users/:id/sessions', roleRequired('admin'), async (c) => {
    await endSessionsOf(c.env.DB, idOf(c.req.param('id')), adminOf(c), now())
    return done(c)
  })

  .put('/users/:id/roles', roleRequired('admin', FRESH), body(rolesBody), async (c) => {
    await setRoles(c.env.DB, idOf(c.req.param('id')), c.req.valid('json').roles, adminOf(c), now())
    return done(c)
  })

  .post('/users/:id/disable', roleRequired('admin'), async (c) => {
    await disableUser(c.env.DB, idOf(c.req.param('id')), adminOf(c), now())
    return done(c)
  })

  .post('/users/:id/enable', roleRequired('admin', FRESH), async (c) => {
    await enableUser(c.env.DB, idOf(c.req.param('id')), adminOf(c), now())
    return done(c)
  })

  .post('/users/:id/reset', roleRequired('admin', FRESH), async (c) => {
    await forceReset(c.env, idOf(c.req.param('id')), adminOf(c), now())
    return done(c)
  })

  .post('/users/:id/unlock', roleRequired('admin'), async (c) => {
    await unlockUser(c.env, idOf(c.req.param('id')), adminOf(c), now())
    return done(c)
  })

  .get('/audit', roleRequired('admin'), query(eventFilter), async (c) =>
    c.json(await eventsPage(c.env.DB, c.req.valid('query'))),
  )

  .get('/stats', roleRequired('admin'), query(statsFilter), async (c) =>
    c.json(await statistics(c.env.DB, config(c.env), c.req.valid('query').days, now())),
  )

/** What changed leaves as mail and as events once the answer is out. */
function done(c: Context<Guarded>): Response {
  deliverAfter(c)
  return c.body(null, 204)
}

/** Where the request came from, and which admin sent it. */
const adminOf = (c: Context<Guarded>): Client => ({ ...clientOf(c), actor: `user:${c.var.session.user_id}` })
