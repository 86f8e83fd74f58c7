import { type Context, Hono } from 'hono'
import type { SignedInCall } from '../../core/call.ts'
import { ADMIN, SUPPORT } from '../../core/users/roles.ts'
import { factorsOf } from '../../core/users/factors.ts'
import type { AppEnv } from '../../http/app-env.ts'
import { body } from '../../http/body.ts'
import { callOf } from '../../http/call.ts'
import { type Guarded, roleRequired } from '../../http/guard.ts'
import { prefilter } from '../../http/prefilter.ts'
import { query } from '../../http/query.ts'
import { asAdmin } from './actor.ts'
import { clients } from './client-routes.ts'
import { createUser } from './create.ts'
import { deleteUser } from './delete.ts'
import { disableUser } from './disable.ts'
import { enableUser } from './enable.ts'
import { endSessionsOf } from './end-sessions.ts'
import { removeFactors } from './factors.ts'
import { exportEvents, formats } from './audit-export.ts'
import { eventsPage } from './audit-queries.ts'
import { inviteUser, withdrawInvitation } from './invite.ts'
import { mailAgain } from './mail-again.ts'
import {
  eventFilter,
  type ExportFilter,
  exportFilter,
  idOf,
  newUser,
  rolesBody,
  statsFilter,
  userFilter,
} from './parameters.ts'
import { statistics } from './queries.ts'
import { forceReset } from './reset.ts'
import { setRoles } from './roles.ts'
import { unlockUser } from './unlock.ts'
import { userDetails, usersPage } from './user-queries.ts'

/**
 * For actions that grant rights or attempts, or cannot be undone. Someone who stole an admin's token lacks the
 * password.
 */
const FRESH = { fresh: true }

/** The admin routes, each for one role: `admin` also does what `support` may. Each route that answers 204 is idempotent. */
export const routes = new Hono<AppEnv>()
  .basePath('/admin')
  .get('/users', roleRequired(SUPPORT), query(userFilter), async (c) =>
    c.json(await usersPage(c.env.DB, c.req.valid('query'), c.var.registry.methods)),
  )

  .post('/users', prefilter('admin'), roleRequired(ADMIN, FRESH), body(newUser), async (c) => {
    const user = await createUser(adminCall(c), c.req.valid('json'))
    return c.json(user, 201, { Location: `/admin/users/${user.user_id}` })
  })

  .get('/users/:id', roleRequired(SUPPORT), async (c) => {
    const { details } = await userDetails(callOf(c), idOf(c.req.param('id')))
    return c.json(details)
  })

  .delete('/users/:id', roleRequired(ADMIN, FRESH), async (c) => {
    await deleteUser(adminCall(c), idOf(c.req.param('id')))
    return c.body(null, 204)
  })

  .delete('/users/:id/sessions', roleRequired(SUPPORT), async (c) => {
    await endSessionsOf(adminCall(c), idOf(c.req.param('id')))
    return c.body(null, 204)
  })

  .get('/users/:id/factors', roleRequired(SUPPORT), async (c) =>
    c.json(await factorsOf(c.env.DB, c.var.registry.methods, idOf(c.req.param('id')))),
  )

  .delete('/users/:id/factors', prefilter('admin'), roleRequired(ADMIN, FRESH), async (c) => {
    await removeFactors(adminCall(c), { id: idOf(c.req.param('id')), methods: c.var.registry.methods })
    return c.body(null, 204)
  })

  .delete('/users/:id/factors/:factor', prefilter('admin'), roleRequired(ADMIN, FRESH), async (c) => {
    const { id, factor } = c.req.param()
    await removeFactors(adminCall(c), { id: idOf(id), factor, methods: c.var.registry.methods })
    return c.body(null, 204)
  })

  .put('/users/:id/roles', roleRequired(ADMIN, FRESH), body(rolesBody), async (c) => {
    await setRoles(adminCall(c), { id: idOf(c.req.param('id')), ...c.req.valid('json') })
    return c.body(null, 204)
  })

  .post('/users/:id/disable', roleRequired(ADMIN), async (c) => {
    await disableUser(adminCall(c), idOf(c.req.param('id')))
    return c.body(null, 204)
  })

  .post('/users/:id/enable', roleRequired(ADMIN, FRESH), async (c) => {
    await enableUser(adminCall(c), idOf(c.req.param('id')))
    return c.body(null, 204)
  })

  .post('/users/:id/reset', prefilter('admin'), roleRequired(ADMIN, FRESH), async (c) => {
    await forceReset(adminCall(c), idOf(c.req.param('id')))
    return c.body(null, 204)
  })

  .post('/users/:id/invite', prefilter('admin'), roleRequired(SUPPORT), async (c) => {
    await inviteUser(adminCall(c), idOf(c.req.param('id')))
    return c.body(null, 204)
  })

  .delete('/users/:id/invite', roleRequired(ADMIN, FRESH), async (c) => {
    await withdrawInvitation(adminCall(c), idOf(c.req.param('id')))
    return c.body(null, 204)
  })

  .post('/users/:id/unlock', roleRequired(ADMIN, FRESH), async (c) => {
    await unlockUser(adminCall(c), idOf(c.req.param('id')))
    return c.body(null, 204)
  })

  .post('/users/:id/verification', prefilter('admin'), roleRequired(SUPPORT), async (c) => {
    await mailAgain(adminCall(c), idOf(c.req.param('id')))
    return c.body(null, 204)
  })

  .get('/audit', roleRequired(SUPPORT), query(eventFilter), async (c) =>
    c.json(await eventsPage(c.env.DB, c.req.valid('query'))),
  )

  .get('/audit.csv', roleRequired(ADMIN), query(exportFilter), (c) => file(c, 'csv', c.req.valid('query')))

  .get('/audit.jsonl', roleRequired(ADMIN), query(exportFilter), (c) => file(c, 'jsonl', c.req.valid('query')))

  .get('/stats', roleRequired(SUPPORT), query(statsFilter), async (c) =>
    c.json(await statistics(callOf(c), c.req.valid('query').days)),
  )

  .route('/clients', clients)

/** The audit trail as a file, for whoever asked with this filter. */
async function file(c: Context<Guarded>, kind: keyof typeof formats, filter: ExportFilter): Promise<Response> {
  const call = adminCall(c)
  const { pathname, searchParams } = new URL(c.req.url)
  searchParams.delete('cursor')
  const address = `${pathname}?${searchParams.toString()}`
  const name = `audit-${new Date(call.now * 1000).toISOString().slice(0, 10)}.${kind}`
  return c.body(await exportEvents(call, { ...filter, format: formats[kind], address }), 200, {
    'Content-Type': formats[kind].type,
    'Content-Disposition': `attachment; filename="${name}"`,
  })
}

const adminCall = (c: Context<Guarded>): SignedInCall => asAdmin(callOf(c))
