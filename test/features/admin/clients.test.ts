import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { findClient } from '../../../src/core/clients/clients.ts'
import { isSecretOf } from '../../../src/core/clients/client.ts'
import {
  administrator,
  bearer,
  CALLBACK,
  call,
  clientSession,
  clock,
  cookieOf,
  dump,
  expectProblem,
  freshDatabase,
  insertClient,
  leadsTo,
  member,
  type Member,
  open,
  postForm,
  submit,
} from '../../support.ts'
import { words } from '../../words.ts'

freshDatabase()

const say = words.en
let admin: Member
beforeAll(async () => {
  admin = await administrator()
})

type Shown = { client_id: string; client_secret?: string; public: boolean } & Record<string, unknown>
const NEW = { name: 'Wiki', redirect_uris: [CALLBACK] }
const register = (json: object, by = admin) => call('POST', '/admin/clients', { json, ...bearer(by.token) })
const lastAudit = () =>
  env.DB.prepare('SELECT event, client_id, actor, user_id FROM audit_events ORDER BY id DESC LIMIT 1').first()
const by = () => `user:${admin.id}`

describe('/admin/clients', () => {
  it('registers an application, and shows the secret once', async () => {
    const answer = await register(NEW)
    const { client_secret, ...client } = await answer.json<Shown>()
    expect([answer.status, answer.headers.get('Location')]).toEqual([201, `/admin/clients/${client.client_id}`])
    expect(client).toEqual({
      client_id: expect.stringMatching(/^[A-Za-z0-9]{24}$/),
      ...NEW,
      post_logout_redirect_uris: [],
      backchannel_logout_uri: null,
      third_party: false,
      scope: 'openid profile email offline_access',
      resources: [],
      id_token_alg: 'RS256',
      pkce: true,
      credentials: false,
      created_at: expect.any(Number),
      fetched_at: null,
      fresh_until: null,
      public: false,
    })
    expect(await lastAudit()).toEqual({
      event: 'client_created',
      client_id: client.client_id,
      actor: by(),
      user_id: null,
    })
    const one = await call('GET', `/admin/clients/${client.client_id}`, bearer(admin.token))
    expect(await one.json()).toEqual(client)
    const all = await (await call('GET', '/admin/clients', bearer(admin.token))).text()
    for (const secret of [client_secret!, 'secret_hash']) expect(all).not.toContain(secret)
    expect((JSON.parse(all) as { clients: Shown[] }).clients).toContainEqual(client)
    expect(await isSecretOf((await findClient(env.DB, client.client_id))!, client_secret!)).toBe(true)
  })

  it('gives a public application no secret', async () => {
    const client = await (await register({ ...NEW, public: true })).json<Shown>()
    expect(client).toMatchObject({ public: true })
    expect(client).not.toHaveProperty('client_secret')
    const path = `/admin/clients/${client.client_id}/secret`
    await expectProblem(await call('POST', path, bearer(admin.token)), 404, 'not_found')
  })

  it.each([
    [{ ...NEW, redirect_uris: ['http://app.example/'] }, [{ field: 'redirect_uris.0', code: 'not_a_redirect_uri' }]],
    [{ ...NEW, public: true, credentials: true }, [{ field: 'credentials', code: 'public' }]],
    [{ ...NEW, resources: ['https://login.example/'] }, [{ field: 'resources', code: 'our_own' }]],
    [{ name: 'Wiki' }, [{ field: 'redirect_uris', code: 'required' }]],
    [{ redirect_uris: [CALLBACK] }, [{ field: 'name', code: 'required' }]],
  ])('refuses %j', async (json, errors) => {
    const before = await dump()
    expect(await expectProblem(await register(json), 422, 'invalid_body')).toMatchObject({ errors })
    expect(await dump()).toEqual(before)
  })

  it('replaces a secret, and deletes an application with its sessions', async () => {
    const [{ client, secret }, user] = [await insertClient(), await member()]
    const sid = await clientSession({ user_id: user.id, client_id: client.id })
    const path = `/admin/clients/${client.id}`
    const { client_secret } = await (await call('POST', `${path}/secret`, bearer(admin.token))).json<Shown>()
    expect(client_secret).not.toBe(secret)
    expect(await lastAudit()).toMatchObject({ event: 'client_secret_rotated', client_id: client.id, actor: by() })
    expect((await call('DELETE', path, bearer(admin.token))).status).toBe(204)
    expect(await lastAudit()).toMatchObject({ event: 'client_deleted', client_id: client.id, actor: by() })
    expect(await env.DB.prepare('SELECT 1 FROM sessions WHERE id = ?').bind(sid).first()).toBeNull()
    await expectProblem(await call('DELETE', path, bearer(admin.token)), 404, 'not_found')
    await expectProblem(await call('GET', path, bearer(admin.token)), 404, 'not_found')
    const events = 'SELECT type FROM webhook_outbox WHERE client_id = ? ORDER BY at, type'
    const { results } = await env.DB.prepare(events).bind(client.id).all<{ type: string }>()
    expect(results.map(({ type }) => type).sort()).toEqual([
      'client.created',
      'client.deleted',
      'client.secret_rotated',
    ])
  })

  const changes: [string, string][] = [
    ['POST', '/admin/clients'],
    ['POST', '/admin/clients/ID/secret'],
    ['DELETE', '/admin/clients/ID'],
  ]

  it.each(changes)('%s %s needs an admin who signed in lately', async (method, path) => {
    const [{ client }, old, user] = [await insertClient(), await administrator(), await member()]
    const at = path.replace('ID', client.id)
    const before = await dump()
    await expectProblem(await call(method, at, { json: NEW, ...bearer(user.token) }), 403, 'insufficient_role')
    clock.forward(601)
    await expectProblem(await call(method, at, { json: NEW, ...bearer(old.token) }), 401, 'fresh_login_required')
    expect(await dump()).toEqual(before)
  })
})

describe('/console/clients', () => {
  const form = { name: 'Wiki <b>', redirect_uris: `${CALLBACK} http://localhost/cb`, scope: 'openid', third_party: '1' }

  it('registers an application, and shows the secret on that page alone', async () => {
    const answer = await submit('/console/clients/new', form, admin.token)
    const html = await answer.text()
    const [, id] = /<code>([A-Za-z0-9]{24})<\/code>/.exec(html)!
    const [, secret] = /<code>([A-Za-z0-9]{43})<\/code>/.exec(html)!
    expect([answer.status, answer.headers.get('Cache-Control')]).toEqual([200, 'no-store'])
    const client = (await findClient(env.DB, id!))!
    expect(client).toMatchObject({
      name: 'Wiki <b>',
      redirect_uris: [CALLBACK, 'http://localhost/cb'],
      scope: 'openid',
      third_party: true,
    })
    expect(await isSecretOf(client, secret!)).toBe(true)
    for (const path of ['/console/clients', `/console/clients/${id}`, `/console/clients/${id}/delete`]) {
      const page = await (await open(path, admin.token)).text()
      expect(page).toContain('Wiki &lt;b&gt;')
      for (const hidden of [secret!, client.secret_hash!, '<b>']) expect(page).not.toContain(hidden)
    }
  })

  it('shows what was typed again where it is refused', async () => {
    const before = await dump()
    const bad = { ...form, redirect_uris: 'http://app.example/' }
    const answer = await submit('/console/clients/new', bad, admin.token)
    const html = await answer.text()
    expect(answer.status).toBe(422)
    expect(html).toContain('value="http://app.example/"')
    expect(html).toContain(`${say.labels.redirect_uris}: ${say.fields.malformed}`)
    expect(html).toMatch(/name="third_party" value="1" checked/)
    expect(await dump()).toEqual(before)
  })

  it('replaces a secret, and deletes, after asking', async () => {
    const { client, secret } = await insertClient()
    const path = `/console/clients/${client.id}`
    for (const act of ['secret', 'delete']) {
      expect(await (await open(`${path}/${act}`, admin.token)).text()).toMatch(
        /class="danger">[^<]+: The App<\/button>/,
      )
    }
    const plain = await insertClient({ public: true })
    for (const at of [`${path}/nothing`, `/console/clients/${plain.client.id}/secret`]) {
      expect((await open(at, admin.token)).status).toBe(404)
    }
    const html = await (await submit(path, { do: 'secret' }, admin.token)).text()
    const [, other] = /<code>([A-Za-z0-9]{43})<\/code>/.exec(html)!
    const now = (await findClient(env.DB, client.id))!
    expect([await isSecretOf(now, secret), await isSecretOf(now, other!)]).toEqual([false, true])
    expect((await submit(path, { do: 'nothing' }, admin.token)).status).toBe(422)
    expect(leadsTo(await submit(path, { do: 'delete' }, admin.token))).toEqual([303, '/console/clients?done=changed'])
    expect((await open(path, admin.token)).status).toBe(404)
  })

  it('needs an admin who signed in lately, on a page of this site', async () => {
    const [{ client }, old, user] = [await insertClient(), await administrator(), await member()]
    const posts: [string, Record<string, string>][] = [
      ['/console/clients/new', form],
      [`/console/clients/${client.id}`, { do: 'secret' }],
      [`/console/clients/${client.id}`, { do: 'delete' }],
    ]
    const before = await dump()
    for (const [path, fields] of posts) {
      expect((await submit(path, fields, user.token)).status).toBe(403)
      const headers = { 'Sec-Fetch-Site': 'cross-site', Cookie: cookieOf(admin.token) }
      expect((await postForm(path, fields, headers)).status).toBe(403)
    }
    for (const path of ['', '/new', `/${client.id}`, `/${client.id}/delete`]) {
      const answer = await open(`/console/clients${path}`, user.token)
      expect([answer.status, await answer.text()]).toEqual([403, expect.not.stringContaining(client.name)])
    }
    clock.forward(601)
    for (const [path, fields] of posts) {
      expect(leadsTo(await submit(path, fields, old.token))).toEqual([303, `/account/confirm?return_to=${path}`])
    }
    for (const path of ['/console/clients/new', `/console/clients/${client.id}/delete`]) {
      const to = path.replace('/delete', '')
      expect(leadsTo(await open(path, old.token))).toEqual([303, `/account/confirm?return_to=${to}`])
    }
    expect(await dump()).toEqual(before)
  })
})

describe('the name of a user', () => {
  const me = async (user: Member) => (await call('GET', '/user/me', bearer(user.token))).json<{ name: string | null }>()
  const rename = (user: Member, name: unknown) => call('PATCH', '/user/me', { json: { name }, ...bearer(user.token) })

  it('is set and removed, with an audit row for each change', async () => {
    const user = await member()
    expect((await me(user)).name).toBeNull()
    for (const [given, stored] of [
      ['  김 안 ', '김 안'],
      ['Ann O’Neil 👩‍👩‍👧', 'Ann O’Neil 👩‍👩‍👧'],
      ['', null],
      ['Ann', 'Ann'],
      ['Ann', 'Ann'],
      [null, null],
    ] as const) {
      expect((await rename(user, given)).status).toBe(204)
      expect((await me(user)).name).toBe(stored)
    }
    const count = `SELECT count(*) AS n FROM audit_events WHERE event = 'user_name_changed' AND user_id = ?`
    expect(await env.DB.prepare(count).bind(user.id).first('n')).toBe(5)
  })

  it.each(['a\nb', 'a\u0000', '\u202eevil', 'a\u2066b', 'x'.repeat(101), 7, undefined, { a: 1 }])(
    'is never %j',
    async (name) => {
      const user = await member()
      await expectProblem(await rename(user, name), 422, 'invalid_body')
      expect((await me(user)).name).toBeNull()
    },
  )

  it('has a page', async () => {
    const user = await member()
    expect(leadsTo(await submit('/account/name', { name: 'Ann <i>' }, user.token))).toEqual([
      303,
      '/account?done=named',
    ])
    const page = await (await open('/account/name', user.token)).text()
    expect(page).toContain('value="Ann &lt;i&gt;"')
    expect(await (await open('/account', user.token)).text()).toContain('Ann &lt;i&gt;')
    const refused = await submit('/account/name', { name: 'x'.repeat(101) }, user.token)
    expect([refused.status, await refused.text()]).toEqual([422, expect.stringContaining(say.fields.malformed)])
    const headers = { 'Sec-Fetch-Site': 'cross-site', Cookie: cookieOf(user.token) }
    expect((await postForm('/account/name', { name: 'Eve' }, headers)).status).toBe(403)
  })
})
