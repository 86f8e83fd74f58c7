import { Hono } from 'hono'
import { listedClient } from '../../core/clients/client.ts'
import { allClients, createClient, deleteClient, findClient, rotateClientSecret } from '../../core/clients/clients.ts'
import { ADMIN } from '../../core/users/roles.ts'
import { registration } from '../../core/clients/registration.ts'
import type { AppEnv } from '../../http/app-env.ts'
import { body } from '../../http/body.ts'
import { callOf } from '../../http/call.ts'
import { roleRequired } from '../../http/guard.ts'
import { Problem } from '../../problem.ts'
import { asAdmin } from './actor.ts'

/** Whoever registers an application decides where codes of users are sent. */
const FRESH = { fresh: true }

/** The applications that people sign in to with their account here. */
export const clients = new Hono<AppEnv>()
  .get('/', roleRequired(ADMIN), async (c) => c.json({ clients: (await allClients(c.env.DB)).map(listedClient) }))

  .post('/', roleRequired(ADMIN, FRESH), body(registration), async (c) => {
    const { client, secret } = await createClient(asAdmin(callOf(c)), c.req.valid('json'))
    const { id } = client
    return c.json({ ...listedClient(client), client_secret: secret }, 201, { Location: `/admin/clients/${id}` })
  })

  .get('/:id', roleRequired(ADMIN), async (c) => {
    const client = await findClient(c.env.DB, c.req.param('id'))
    if (!client) throw new Problem('not_found')
    return c.json(listedClient(client))
  })

  .post('/:id/secret', roleRequired(ADMIN, FRESH), async (c) => {
    const { secret } = await rotateClientSecret(asAdmin(callOf(c)), c.req.param('id'))
    return c.json({ client_secret: secret })
  })

  .delete('/:id', roleRequired(ADMIN, FRESH), async (c) => {
    await deleteClient(asAdmin(callOf(c)), c.req.param('id'))
    return c.body(null, 204)
  })
