import { env } from 'cloudflare:workers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { keepDocument } from '../../../../src/core/clients/clients.ts'
import { batch } from '../../../../src/core/d1.ts'
import { clientPath } from '../../../../src/features/admin/client-path.ts'
import { clientInDocument } from '../../../../src/features/oauth/documents/read.ts'
import { sql } from '../../../../src/lib/sql.ts'
import {
  administrator,
  type App,
  authorizationRequest,
  bearer,
  browse,
  CALLBACK,
  call,
  clock,
  ENV,
  exchange,
  expectRefusal,
  freshDatabase,
  type Given,
  handleOf,
  leadsTo,
  member,
  type Member,
  Network,
  newAddress,
  open,
  refreshWith,
  run,
  runCron,
  submit,
  tokensIn,
} from '../../../support.ts'
import { words } from '../../../words.ts'

freshDatabase()

let network: Network
beforeAll(() => void (network = new Network()))
afterAll(() => network.close())

const say = words.en.oauth
const LOOPBACK = 'http://127.0.0.1:33418/callback'
const NATIVE = { redirect_uris: ['http://localhost/callback', 'http://127.0.0.1/callback', 'http://[::1]/callback'] }
const textOf = async (path: string, user: Member) => (await browse(path, user.token)).text()
const allow = (path: string, user: Member, decision = 'allow') =>
  submit(path, { decision, user_id: String(user.id) }, user.token)
const codeIn = (answer: Response) => new URL(answer.headers.get('Location')!).searchParams.get('code')!
/** One installation of an application, as its user signs in to it. */
async function install(app: App, user: Member, given: Given = {}) {
  const to = { redirect_uri: LOOPBACK, ...given }
  const code = codeIn(await allow(await handleOf(app, to), user))
  const tokens = await tokensIn(await exchange(app, code, { redirect_uri: to.redirect_uri as string }))
  return { code, tokens, refresh: () => refreshWith(app, tokens.refresh_token) }
}
type Listed = { id: string; client_id: string | null; client: string | null }
const sessionsOf = async (user: Member) =>
  (await (await call('GET', '/user/sessions', bearer(user.token))).json<{ sessions: Listed[] }>()).sessions.filter(
    ({ client_id }) => client_id !== null,
  )
const rowOf = (app: App) => env.DB.prepare('SELECT * FROM clients WHERE id = ?').bind(app.client.id).first()

describe('the question for consent', () => {
  it('says which host asks and where the answer goes, and gives the name as claimed', async () => {
    const said = { client_name: 'Latchkey <b>', logo_uri: 'https://logo.example/x.png' }
    const [app, user] = [network.publish(said), await member()]
    const { host } = new URL(app.client.id)
    const html = await textOf(await handleOf(app), user)
    for (const text of [
      `<h1>${say.consent(host)}</h1>`,
      'calls itself “Latchkey &lt;b&gt;”',
      'https://app.example',
      say.elsewhere,
    ])
      expect(html).toContain(text)
    for (const text of ['<b>', 'logo.example', say.toDevice, say.consentWhy]) expect(html).not.toContain(text)
    const korean = await textOf(`${await handleOf(app)}?lang=ko`, user)
    expect(korean).toContain(words.ko.oauth.documentWhy(host, 'Latchkey &lt;b&gt;'))
  })

  it('warns of nothing where the answer goes to the host that asks', async () => {
    const url = newAddress()
    const redirect_uri = `${new URL(url).origin}/callback`
    const app = network.publish({ redirect_uris: [redirect_uri] }, { url })
    expect(await textOf(await handleOf(app, { redirect_uri }), await member())).not.toContain('class="caution"')
  })

  it.each([
    [LOOPBACK, 'http://127.0.0.1:33418'],
    ['http://localhost:1/callback', 'http://localhost:1'],
    ['http://[::1]:65535/callback', 'http://[::1]:65535'],
    ['com.example.app:/callback', 'com.example.app:'],
    ['com.example.app://bank.example/callback', 'com.example.app:'], // no such host has anything to do with it
  ])('warns of an app on the device, at %s', async (redirect_uri, shown) => {
    const app = network.publish({ redirect_uris: [...NATIVE.redirect_uris, redirect_uri] })
    const html = await textOf(await handleOf(app, { redirect_uri }), await member())
    for (const text of [`<strong>${shown}</strong>`, `<p class="caution">${say.toDevice}</p>`])
      expect(html).toContain(text)
  })

  it.each([
    'http://127.0.0.1/other',
    'http://127.0.0.2/callback',
    'http://localhost.example/callback',
    'https://127.0.0.1/callback',
  ])('is not asked for %s', async (redirect_uri) => {
    const answer = await browse(authorizationRequest(network.publish(NATIVE), { redirect_uri }))
    expect(answer.status).toBe(400)
  })

  it('is asked once for a site, and each time for an app, because any app could ask', async () => {
    const [app, user] = [network.publish({ redirect_uris: [CALLBACK, ...NATIVE.redirect_uris] }), await member()]
    expect(codeIn(await allow(await handleOf(app), user))).toMatch(/^lkt_/)
    expect((await browse(await handleOf(app), user.token)).status).toBe(303)
    for (let i = 0; i < 2; i++) {
      const path = await handleOf(app, { redirect_uri: LOOPBACK })
      expect((await browse(path, user.token)).status).toBe(200)
      expect(codeIn(await allow(path, user))).toMatch(/^lkt_/)
    }
  })

  it.each<Given>([
    { code_challenge: undefined },
    { code_challenge_method: 'plain' },
    { resource: 'https://api.example' },
    { response_type: 'token' },
  ])('comes before anybody is sent away, even with %j', async (given) => {
    const answer = await browse(authorizationRequest(network.publish(), given), (await member()).token)
    expect(leadsTo(answer)).toEqual([422, null])
  })

  it('is never answered by itself: prompt=none sends nobody anywhere', async () => {
    const [app, user] = [network.publish(), await member()]
    const silent = async (token?: string) => leadsTo(await browse(await handleOf(app, { prompt: 'none' }), token))
    expect([await silent(), await silent(user.token)]).toEqual([
      [422, null],
      [422, null],
    ])
    await allow(await handleOf(app), user)
    expect(await silent(user.token)).toEqual([303, expect.stringContaining(`${CALLBACK}?code=`)])
  })

  it('is for the addresses that the document has when it is answered', async () => {
    const [app, user] = [network.publish({}, { headers: { 'Cache-Control': 'no-store' } }), await member()]
    const path = await handleOf(app)
    clock.forward(60)
    network.publish({ redirect_uris: ['https://app.example/moved'] }, { url: app.client.id })
    for (const decision of ['allow', 'deny']) expect(leadsTo(await allow(path, user, decision))).toEqual([400, null])
    expect(await rowOf(app)).toBeNull()
  })

  it('refused, writes nothing', async () => {
    const [app, user] = [network.publish(), await member()]
    expect((await allow(await handleOf(app), user, 'deny')).headers.get('Location')).toContain('error=access_denied')
    expect(await rowOf(app)).toBeNull()
  })
})

describe('what a consent keeps', () => {
  it('is one row, however many allow it at once', async () => {
    const app = network.publish()
    await handleOf(app)
    const users = await Promise.all(Array.from({ length: 5 }, () => member()))
    const asked = users.flatMap((user) => Array.from({ length: 10 }, async () => allow(await handleOf(app), user)))
    for (const answer of await Promise.all(asked)) expect(codeIn(answer)).toMatch(/^lkt_/)
    const counts =
      'SELECT count(*) AS n FROM clients WHERE id = ?1 UNION ALL SELECT count(*) FROM consents WHERE client_id = ?1'
    const { results } = await env.DB.prepare(counts).bind(app.client.id).all()
    expect(results).toEqual([{ n: 1 }, { n: 5 }])
    expect(network.asked(app.client.id)).toBe(1)
  })

  it('is what the newest document says, which other isolates need not fetch while it is good', async () => {
    const [app, user] = [network.publish({}, { headers: { 'Cache-Control': 'max-age=60' } }), await member()]
    const { id } = app.client
    await allow(await handleOf(app), user)
    const first = await rowOf(app)
    expect(first).toMatchObject({ name: 'Their App', third_party: 1, secret_hash: null, pkce: 1, credentials: 0 })
    clock.forward(60)
    network.publish({ client_name: 'Renamed', redirect_uris: [CALLBACK, LOOPBACK] }, { url: id })
    await allow(await handleOf(app, { prompt: 'consent' }), user)
    const second = await rowOf(app)
    expect(second).toMatchObject({ name: 'Renamed', redirect_uris: JSON.stringify([CALLBACK, LOOPBACK]) })
    expect([second!['created_at'], Number(second!['fetched_at'])]).toEqual([
      first!['created_at'],
      Number(first!['fetched_at']) + 60,
    ])
    // An isolate whose document is older writes nothing over a newer one.
    const read = { now: Number(second!['fetched_at']) - 1, seconds: 60 }
    const older = clientInDocument(id, { client_id: id, redirect_uris: [CALLBACK] }, read)
    await batch(env.DB, [keepDocument(older, sql`TRUE`)])
    expect(await rowOf(app)).toEqual(second)
    // Another isolate remembers nothing, and finds the row.
    const elsewhere = newAddress()
    await run(
      `INSERT INTO clients (id, name, redirect_uris, third_party, scope, created_at, fetched_at, fresh_until)
        SELECT ?, name, redirect_uris, 1, scope, created_at, fetched_at, fresh_until FROM clients WHERE id = ?`,
      elsewhere,
      id,
    )
    const there = { client: { id: elsewhere }, secret: '' } as App
    expect(await handleOf(there)).toMatch(/^\/oauth/)
    expect(network.asked(elsewhere)).toBe(0)
    clock.forward(3_600)
    expect((await browse(authorizationRequest(there))).status).toBe(400)
    expect(network.asked(elsewhere)).toBe(1)
  })

  it('goes a week after nobody uses it, and not before', async () => {
    const [unused, used, user] = [network.publish(), network.publish(), await member()]
    for (const app of [unused, used]) await allow(await handleOf(app), user)
    await call('DELETE', `/user/applications/${encodeURIComponent(unused.client.id)}`, bearer(user.token))
    clock.forward(7 * 86_400 - 1)
    await runCron()
    expect([await rowOf(unused), await rowOf(used)]).toEqual([expect.anything(), expect.anything()])
    clock.forward(1)
    await runCron()
    expect([await rowOf(unused), await rowOf(used)]).toEqual([null, expect.anything()])
  })
})

describe('the token endpoint', () => {
  it('fetches nothing: neither for a code nor for a refresh token', async () => {
    const [app, user] = [network.publish(NATIVE, { headers: { 'Cache-Control': 'no-store' } }), await member()]
    const code = codeIn(await allow(await handleOf(app, { redirect_uri: LOOPBACK }), user))
    const before = network.requests.length
    clock.forward(60) // what was fetched is no longer good
    network.serve(app.client.id, () => Promise.reject(new Error('The host is gone.')))
    const tokens = await tokensIn(await exchange(app, code, { redirect_uri: LOOPBACK }))
    await tokensIn(await refreshWith(app, tokens.refresh_token))
    expect(network.requests.length).toBe(before)
    const { aud } = JSON.parse(atob(tokens.id_token.split('.')[1]!.replaceAll('-', '+').replaceAll('_', '/'))) as {
      aud: string
    }
    expect(aud).toBe(app.client.id)
  })

  it('takes no secret, needs the verifier, and compares the address with its port', async () => {
    const [app, user] = [network.publish(NATIVE), await member()]
    const code = codeIn(await allow(await handleOf(app, { redirect_uri: LOOPBACK }), user))
    const to = { redirect_uri: LOOPBACK }
    await expectRefusal(await exchange({ ...app, secret: 'x' }, code, to), 401, 'invalid_client')
    await expectRefusal(await exchange(app, code, { ...to, code_verifier: undefined }), 400, 'invalid_grant')
    await expectRefusal(
      await exchange(app, code, { redirect_uri: 'http://127.0.0.1:1/callback' }),
      400,
      'invalid_grant',
    )
    await expectRefusal(await exchange(network.publish(NATIVE), code, to), 401, 'invalid_client')
    await tokensIn(await exchange(app, code, to))
  })

  it('closes with the setting, at once', async () => {
    const [app, user] = [network.publish(NATIVE), await member()]
    const { tokens, refresh } = await install(app, user)
    const own = { ...ENV, CLIENT_ID_METADATA_DOCUMENTS: `* -${new URL(app.client.id).host}` } as unknown as Env
    await expectRefusal(await refreshWith(app, tokens.refresh_token, {}, own), 401, 'invalid_client')
    await tokensIn(await refresh())
  })
})

describe('two installations', () => {
  it('are two sessions, listed with where they began, and ended alone', async () => {
    const [app, user] = [network.publish(NATIVE), await member()]
    const [laptop, phone] = [
      await install(app, user),
      await install(app, user, { redirect_uri: 'http://localhost:5/callback' }),
    ]
    await run(`UPDATE sessions SET user_agent = 'Laptop', country = 'KR' WHERE user_id = ?`, user.id)
    const listed = await sessionsOf(user)
    const one = { client_id: app.client.id, client: 'Their App', user_agent: 'Laptop', country: 'KR' }
    expect(listed).toEqual([expect.objectContaining(one), expect.objectContaining(one)])
    const page = await (await open('/account', user.token)).text()
    const card = page.slice(page.indexOf(words.en.applications))
    expect(card).toContain(`<strong>${new URL(app.client.id).host}</strong>`)
    for (const { id } of listed) expect(card).toContain(`name="end" value="${id}"`)
    const { sid } = JSON.parse(
      atob(laptop.tokens.access_token.split('.')[1]!.replaceAll('-', '+').replaceAll('_', '/')),
    ) as { sid: string }
    const [button] = /<button[^>]* value="SID".*?>/.exec(card.replace(sid, 'SID')) ?? []
    expect(button).toContain(`aria-label="Sign out Unknown device, ${new URL(app.client.id).host}"`)
    const [action] = /\/account\/sessions\?\S*(?=")/.exec(card)!
    expect(leadsTo(await submit(action, { end: sid }, user.token))).toEqual([303, '/account?done=sessions'])
    await expectRefusal(await laptop.refresh(), 400, 'invalid_grant')
    await tokensIn(await phone.refresh())
    expect((await sessionsOf(user)).length).toBe(1)
  })

  it('lose nothing to a replayed code, to a revocation, or to another user', async () => {
    const [app, user, somebody] = [network.publish(NATIVE), await member(), await member()]
    const [replayed, revoked, stays] = [await install(app, user), await install(app, user), await install(app, user)]
    const theirs = await install(app, somebody)
    await expectRefusal(await exchange(app, replayed.code, { redirect_uri: LOOPBACK }), 400, 'invalid_grant')
    await call('POST', '/oauth/revoke', {
      body: new URLSearchParams({ client_id: app.client.id, token: revoked.tokens.refresh_token }),
    })
    for (const { refresh } of [replayed, revoked]) await expectRefusal(await refresh(), 400, 'invalid_grant')
    expect([(await sessionsOf(user)).length, (await sessionsOf(somebody)).length]).toEqual([1, 1])
    expect(leadsTo(await submit('/account/applications', { withdraw: app.client.id }, user.token))[0]).toBe(303)
    await expectRefusal(await stays.refresh(), 400, 'invalid_grant')
    await tokensIn(await theirs.refresh())
    expect([(await sessionsOf(user)).length, (await sessionsOf(somebody)).length]).toEqual([0, 1])
  })
})

describe('an administrator', () => {
  it('sees such an application, and ends it for everybody', async () => {
    const [app, user, admin] = [network.publish(NATIVE), await member(), await administrator()]
    const { refresh } = await install(app, user)
    const { id } = app.client
    const api = `/admin/clients/${encodeURIComponent(id)}`
    expect(await (await call('GET', api, bearer(admin.token))).json()).toMatchObject({
      client_id: id,
      public: true,
      third_party: true,
      fetched_at: expect.any(Number),
    })
    const path = clientPath(id)
    expect(await (await open('/console/clients', admin.token)).text()).toContain(`<a href="${path}">Their App</a>`)
    expect(await (await open('/console/audit', admin.token)).text()).toContain(`<a href="${path}">${id}</a>`)
    const page = await (await open(path, admin.token)).text()
    for (const text of [id, words.en.hasDocument]) expect(page).toContain(text)
    expect((await open(`${path}/delete`, admin.token)).status).toBe(200)
    expect((await open('/console/clients/~~~', admin.token)).status).toBe(404)
    expect(leadsTo(await submit(path, { do: 'secret' }, admin.token))[0]).toBe(404)
    expect(leadsTo(await submit(path, { do: 'delete' }, admin.token))).toEqual([303, '/console/clients?done=changed'])
    await expectRefusal(await refresh(), 401, 'invalid_client')
    expect(await rowOf(app)).toBeNull()
  })
})
