import { Hono } from 'hono'
import * as v from 'valibot'
import type { Client } from '../../core/clients/client.ts'
import {
  allClients,
  createClient,
  deleteClient,
  findClient,
  type NewClient,
  rotateClientSecret,
} from '../../core/clients/clients.ts'
import { type Registration, registration } from '../../core/clients/registration.ts'
import { isFresh } from '../../core/sessions/session.ts'
import type { AppEnv } from '../../http/app-env.ts'
import { toConfirm } from '../../pages/confirm.tsx'
import { pageLogin } from '../../pages/own-page.tsx'
import { type PageContext, pageOf } from '../../pages/view.tsx'
import { Problem } from '../../problem.ts'
import { asAdmin } from './actor.ts'
import { ClientActPage, ClientPage, ClientsPage, RegisterPage, SecretPage } from './client-page.tsx'
import { clientIdIn, clientPath } from './client-path.ts'
import { openedByAdmin, submittedByAdmin } from './for-admins.tsx'

const REGISTER = '/console/clients/new'

const clientPage = pageLogin(/^\/console\/clients(?:\/[\w~-]{1,700}(?:\/(?:delete|secret))?)?$/)

/** The pages for applications. Whatever changes one needs a fresh login, as under `/admin`. */
export const clientPages = new Hono<AppEnv>()
  .get('/', clientPage, (c) =>
    openedByAdmin(c, async () => {
      const clients = await allClients(c.env.DB)
      return pageOf(c, (view) => <ClientsPage view={view} clients={clients} />)
    }),
  )

  .get('/new', clientPage, (c) =>
    openedByAdmin(c, async ({ session, now }) => {
      if (!isFresh(session, now)) return toConfirm(c, REGISTER)
      return pageOf(c, (view) => <RegisterPage view={view} />)
    }),
  )

  .post('/new', (c) =>
    submittedByAdmin(
      c,
      async (call, fields) => {
        if (!isFresh(call.session, call.now)) return toConfirm(c, REGISTER)
        return secretPage(c, await createClient(asAdmin(call), registrationIn(fields)))
      },
      (view, fields) => <RegisterPage view={view} fields={fields} />,
    ),
  )

  .get('/:id', clientPage, (c) =>
    openedByAdmin(c, async () => {
      const client = await clientNamed(c, c.req.param('id'))
      return pageOf(c, (view) => <ClientPage view={view} client={client} />)
    }),
  )

  .post('/:id', (c) =>
    submittedByAdmin(c, async (call, fields) => {
      const id = clientIdIn(c.req.param('id'))
      if (!isFresh(call.session, call.now)) return toConfirm(c, clientPath(id))
      const chosen = fields.get('do')
      if (chosen === 'secret') {
        const { secret } = await rotateClientSecret(asAdmin(call), id)
        return secretPage(c, { client: await clientNamed(c, c.req.param('id')), secret })
      }
      if (chosen !== 'delete') throw new Problem('invalid_body')
      await deleteClient(asAdmin(call), id)
      return c.redirect('/console/clients?done=changed', 303)
    }),
  )

  .get('/:id/:act', clientPage, (c) =>
    openedByAdmin(c, async ({ session, now }) => {
      const [client, act] = [await clientNamed(c, c.req.param('id')), c.req.param('act')]
      if (!isFresh(session, now)) return toConfirm(c, clientPath(client.id))
      if (act !== 'delete' && (act !== 'secret' || client.secret_hash === null)) throw new Problem('not_found')
      return pageOf(c, (view) => <ClientActPage view={view} client={client} act={act} />)
    }),
  )

/** @throws Problem 404 `not_found`, 503 `unavailable` */
async function clientNamed(c: PageContext, part: string): Promise<Client> {
  const client = await findClient(c.env.DB, clientIdIn(part))
  if (!client) throw new Problem('not_found')
  return client
}

/** The page with the new secret is the answer of the form, because nothing can show a secret again. */
const secretPage = (c: PageContext, made: NewClient): Promise<Response> =>
  pageOf(c, (view) => <SecretPage view={view} {...made} />)

const LISTS = ['redirect_uris', 'post_logout_redirect_uris'] as const

/** @throws Problem 422 `invalid_body` with the names of the fields */
function registrationIn(fields: URLSearchParams): Registration {
  const words = (name: string) => (fields.get(name) ?? '').split(/\s+/).filter(Boolean)
  const result = v.safeParse(registration, {
    name: fields.get('name') ?? '',
    ...Object.fromEntries(LISTS.map((name) => [name, words(name)])),
    backchannel_logout_uri: fields.get('backchannel_logout_uri')?.trim() || null,
    scope: words('scope').join(' ') || undefined,
    public: fields.has('public'),
    third_party: fields.has('third_party'),
  })
  if (result.success) return result.output
  const errors = result.issues.map(({ path, message }) => ({
    field: String(path?.[0]?.key),
    code: message === 'required' ? message : 'malformed',
  }))
  throw new Problem('invalid_body', { errors })
}
