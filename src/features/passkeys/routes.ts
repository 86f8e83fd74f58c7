import { Hono } from 'hono'
import { requireLinks } from '../../core/mail/outbox.ts'
import { readTicket } from '../../core/ticket.ts'
import type { AppEnv } from '../../http/app-env.ts'
import { body } from '../../http/body.ts'
import { callOf } from '../../http/call.ts'
import { factorChange } from '../../http/guard.ts'
import { signIn, ticketIn } from '../../signing-in/finish.ts'
import { beginEnrolment, enrol } from './enrol.ts'
import { asking, enrolled, enrolling, preparing, registering, removing, renaming, signingIn } from './inputs.ts'
import { passkey } from './method.ts'
import { ASSERTION } from './options.ts'
import { prepare, register } from './register.ts'
import { remove } from './remove.ts'
import { rename } from './rename.ts'

/** Signing in with a passkey, and adding, renaming and removing one. */
export const routes = new Hono<AppEnv>()
  .post('/user/login/passkey/options', asking.limit, body(asking.input), async (c) => {
    const call = callOf(c)
    return c.json(await passkey.begin(call, undefined, await ticketIn(call, c.req.valid('json').ticket)))
  })

  .post('/user/login/passkey', signingIn.limit, body(signingIn.input), async (c) => {
    const call = callOf(c)
    const { ticket, credential } = c.req.valid('json')
    return c.json(await signIn(call, passkey, { input: credential, ticket: await readTicket(call, ASSERTION, ticket) }))
  })

  .post('/user/login/passkey/enrol', enrolling.limit, body(enrolling.input), async (c) =>
    c.json(await beginEnrolment(callOf(c), c.req.valid('json').ticket)),
  )

  .post('/user/login/passkey/enrol/confirm', enrolled.limit, body(enrolled.input), async (c) =>
    c.json(await enrol(callOf(c), c.req.valid('json'))),
  )

  .post('/user/passkeys/options', preparing.limit, factorChange, async (c) => c.json(await prepare(callOf(c))))

  .post('/user/passkeys', registering.limit, factorChange, body(registering.input), async (c) =>
    c.json({ ...(await register(callOf(c), c.req.valid('json'))), type: 'passkey' }, 201),
  )

  .patch('/user/passkeys/:id', factorChange, body(renaming.input), async (c) => {
    const { name } = c.req.valid('json')
    return c.json({ ...(await rename(callOf(c), { id: c.req.param('id'), name })), type: 'passkey' })
  })

  .delete('/user/passkeys/:id', removing.limit, factorChange, async (c) => {
    await remove(callOf(c), c.req.param('id'))
    return c.body(null, 204)
  })

  // https://www.w3.org/TR/passkey-endpoints/: where password managers send people.
  .get('/.well-known/passkey-endpoints', (c) => {
    const { settings } = callOf(c)
    requireLinks(settings)
    const page = `${settings.PUBLIC_URL}/account/passkeys`
    return c.json({ enroll: page, manage: page })
  })
