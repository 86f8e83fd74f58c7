import { env } from 'cloudflare:workers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { clientInDocument } from '../../../../src/features/oauth/documents/read.ts'
import {
  authorizationRequest,
  browse,
  CALLBACK,
  callIn,
  clock,
  counting,
  dump,
  ENV,
  freshDatabase,
  handleOf,
  limiter,
  Network,
  newAddress,
  type App,
} from '../../../support.ts'

freshDatabase()

let network: Network
beforeAll(() => void (network = new Network()))
afterAll(() => network.close())

const asks = (app: App, given = {}, own = ENV) => browse(authorizationRequest(app, given), undefined, own)
const status = async (app: App, given = {}, own = ENV) => (await asks(app, given, own)).status
const appAt = (url: string) => ({ client: { id: url }, secret: '' }) as App
/** The application at a new address where this is answered. */
function served(answer: string | ((url: string) => Response | Promise<Response>), headers = {}): App {
  const url = newAddress()
  network.serve(url, typeof answer === 'string' ? answer : () => answer(url), headers)
  return appAt(url)
}
const right = (url: string) => JSON.stringify({ client_id: url, redirect_uris: [CALLBACK] })
const json = { 'Content-Type': 'application/json' }

describe('a document', () => {
  const id = 'https://app.example/app.json'
  const read = (said: object) =>
    clientInDocument(id, { client_id: id, redirect_uris: [CALLBACK], ...said }, { now: 100, seconds: 60 })

  it('describes a public client of a third party, whatever else it says', () => {
    const more = {
      client_name: 'Their App',
      token_endpoint_auth_method: 'private_key_jwt',
      jwks_uri: 'https://keys.example/jwks',
      logo_uri: 'https://logo.example/logo.png',
      backchannel_logout_uri: 'https://app.example/logout',
      post_logout_redirect_uris: ['https://app.example/'],
      scope: 'admin',
      third_party: false,
      pkce: false,
      credentials: true,
      grant_types: ['client_credentials'],
      resources: ['https://api.example'],
      __proto__: { secret_hash: 'x' },
    }
    expect(read(more)).toEqual({
      id,
      name: 'Their App',
      secret_hash: null,
      redirect_uris: [CALLBACK],
      post_logout_redirect_uris: [],
      backchannel_logout_uri: null,
      third_party: true,
      scope: 'openid profile email offline_access',
      resources: [],
      id_token_alg: 'RS256',
      pkce: true,
      credentials: false,
      created_at: 100,
      fetched_at: 100,
      fresh_until: 160,
    })
    expect(read({ id_token_signed_response_alg: 'ES256' }).id_token_alg).toBe('ES256')
  })

  it.each([
    [undefined, 'app.example'],
    ['', 'app.example'],
    [' \u200b\u202e\n ', 'app.example'],
    ['  A\n\n  B\u0000\u202eC ', 'A B C'],
    ['가'.repeat(80), '가'.repeat(64)],
    ['😀'.repeat(80), '😀'.repeat(64)],
    ['a\ud800b', 'a b'],
    ['\u3164\u2800\u115f', 'app.example'],
    ['App”, which we checked. It is not „"“', 'App , which we checked. It is not'],
  ])('with the name %j is called %j', (client_name, name) => expect(read({ client_name }).name).toBe(name))

  it('keeps only the redirect addresses that could be registered', () => {
    const redirect_uris = [
      'cursor://x/y',
      'javascript:alert(1)',
      'http://app.example/',
      'https://a.example/#',
      'http://[::1]:1/cb',
      CALLBACK,
    ]
    expect(read({ redirect_uris }).redirect_uris).toEqual(['http://[::1]:1/cb', CALLBACK])
  })

  it.each<object>([
    { client_id: undefined },
    { client_id: `${id}/` },
    { client_id: 'https://APP.example/app.json' },
    { client_id: 'https://app.example:443/app.json' },
    { client_id: [id] },
    { client_id: 1 },
    { redirect_uris: undefined },
    { redirect_uris: [] },
    { redirect_uris: CALLBACK },
    { redirect_uris: { 0: CALLBACK } },
    { redirect_uris: [CALLBACK, 1] },
    { redirect_uris: [null] },
    { redirect_uris: ['javascript:alert(1)'] },
    { redirect_uris: ['http://10.0.0.1/'] },
    { redirect_uris: ['https://user@app.example/'] },
    { redirect_uris: Array<string>(101).fill(CALLBACK) },
    { client_name: 1 },
    { client_name: ['A'] },
    { client_secret: 'x' },
    { client_secret: '' },
    { client_secret: null },
    { client_secret_expires_at: 0 },
    { token_endpoint_auth_method: 'client_secret_basic' },
    { token_endpoint_auth_method: 'client_secret_post' },
    { token_endpoint_auth_method: 'client_secret_jwt' },
    { token_endpoint_auth_method: 1 },
  ])('is refused with %j', (said) => expect(() => read(said)).toThrow())

  it('with a secret is refused in words that do not tell it, because they are logged', () => {
    expect(() => read({ client_secret: 'hunter2' })).toThrow(/^A document has no secret\.$/)
  })

  it.each([[null], [[]], ['text'], [1], [true], [{}]])('is not %j', (content) => {
    expect(() => clientInDocument(id, content, { now: 1, seconds: 1 })).toThrow()
  })
})

describe('fetching a document', () => {
  it('is one request that tells nothing about the user', async () => {
    const app = network.publish()
    const request = authorizationRequest(app)
    const Cookie = '__Host-latchkey=x; other=y'
    const answer = await callIn(ENV, 'GET', request, {
      headers: { Cookie, Authorization: 'Bearer x', 'Accept-Language': 'ko' },
    })
    expect(answer.status).toBe(303)
    const [sent, ...more] = network.requests.filter(({ url }) => url === app.client.id)
    expect(more).toEqual([])
    expect([sent!.method, sent!.redirect, Object.fromEntries(sent!.headers)]).toEqual([
      'GET',
      'manual',
      { accept: 'application/json' },
    ])
  })

  it.each([
    ['application/json; charset=utf-8', 303],
    ['application/cimd+json', 303],
    ['Application/JSON', 303],
    ['text/html', 400],
    ['text/json', 400],
    ['application/jsonp', 400],
    ['application/javascript', 400],
    ['text/plain, application/json', 400],
    ['', 400],
  ])('takes the type %j: %s', async (type, expected) => {
    expect(await status(served((url) => new Response(right(url), { headers: { 'Content-Type': type } })))).toBe(
      expected,
    )
  })

  it.each([201, 203, 204, 206, 301, 302, 303, 307, 308, 400, 401, 404, 429, 500, 503])(
    'refuses the status %s',
    async (code) => {
      const elsewhere = newAddress()
      network.serve(elsewhere, right(elsewhere))
      const headers = { ...json, Location: elsewhere }
      const app = served((url) => new Response(code === 204 ? null : right(url), { status: code, headers }))
      expect(await status(app)).toBe(400)
      expect([network.asked(app.client.id), network.asked(elsewhere)]).toEqual([1, 0])
    },
  )

  it.each<[string, (url: string) => BodyInit | null]>([
    ['nothing', () => null],
    ['a page', () => '<!doctype html>'],
    ['half of one', (url) => right(url).slice(0, -1)],
    ['two', (url) => right(url) + right(url)],
    ['a member twice', (url) => `{"client_id":"https://evil.example/a",${right(url).slice(1)}`],
    ['a byte order mark', (url) => `\ufeff${right(url)}`],
    ['no UTF-8', (url) => new Uint8Array([...new TextEncoder().encode(right(url).slice(0, -1)), 0xff, 0x7d])],
    ['UTF-16', (url) => new Uint8Array(Uint16Array.from(right(url), (one) => one.charCodeAt(0)).buffer)],
    ['an array', (url) => `[${right(url)}]`],
    ['a deep one', (url) => `${right(url).slice(0, -1)},"x":${'['.repeat(2_000)}`],
    ['one byte too many', (url) => right(url).padEnd(5_121)],
  ])('refuses %s', async (_, body) => {
    const app = served((url) => new Response(body(url), { headers: json }))
    const answer = await asks(app)
    expect(answer.status).toBe(400)
    expect(await answer.text()).toContain('We could not check this application.')
  })

  it('reads 5 kB and no more, whatever the length is said to be', async () => {
    expect(await status(served((url) => new Response(right(url).padEnd(5_120), { headers: json })))).toBe(303)
    let [sent, cancelled] = [0, false]
    const endless = () =>
      new ReadableStream<Uint8Array>({
        pull: (stream) => {
          stream.enqueue(new Uint8Array(1_024).fill(0x20))
          sent += 1_024
        },
        cancel: () => void (cancelled = true),
      })
    expect(await status(served(() => new Response(endless(), { headers: { ...json, 'Content-Length': '10' } })))).toBe(
      400,
    )
    expect([cancelled, sent < 10_240]).toEqual([true, true])
  })

  it('waits three seconds, for the head and for the body', async () => {
    const never = new ReadableStream({ start: (stream) => stream.enqueue(new TextEncoder().encode('{')) })
    const begun = performance.now()
    const slow = [served(() => new Promise(() => undefined)), served(() => new Response(never, { headers: json }))]
    expect(await Promise.all(slow.map((app) => status(app)))).toEqual([400, 400])
    expect(performance.now() - begun).toBeLessThan(10_000)
  })

  it('keeps no failure, and tells the same of all', async () => {
    const url = newAddress()
    expect(await status(appAt(url))).toBe(400) // nobody is there
    network.serve(url, 'null')
    expect(await status(appAt(url))).toBe(400)
    network.publish({}, { url })
    expect(await status(appAt(url))).toBe(303)
  })
})

describe('a document that is remembered', () => {
  it.each([
    ['', 3_600],
    ['no-store', 60],
    ['no-cache, max-age=900', 60],
    ['max-age=0', 60],
    ['max-age=59', 60],
    ['public, max-age=900', 900],
    ['MAX-AGE="900"', 900],
    ['max-age=-1', 3_600],
    ['s-maxage=900', 3_600],
    ['max-age=86401', 86_400],
    ['max-age=99999999999999', 86_400],
    ['immutable', 3_600],
  ])('under %j is good for %s s, and never longer', async (control, seconds) => {
    const app = network.publish({}, { headers: { 'Cache-Control': control } })
    const { id } = app.client
    expect(await status(app)).toBe(303)
    clock.forward(seconds - 1)
    expect([await status(app), network.asked(id)]).toEqual([303, 1])
    clock.forward(1)
    network.serve(id, () => Promise.reject(new Error('The host is gone.')))
    expect([await status(app), network.asked(id)]).toEqual([400, 2])
  })

  it('is replaced by what the address says then', async () => {
    const app = network.publish({}, { headers: { 'Cache-Control': 'max-age=60' } })
    const handle = await handleOf(app)
    const moved = 'https://app.example/moved'
    network.publish({ redirect_uris: [moved] }, { url: app.client.id })
    expect([await status(app), await status(app, { redirect_uri: moved })]).toEqual([303, 400])
    clock.forward(60)
    expect([await status(app), await status(app, { redirect_uri: moved })]).toEqual([400, 303])
    // The request under way is for an address that is no longer the application's.
    expect((await browse(handle)).status).toBe(400)
  })

  it('leaves no trace of a stranger in the database', async () => {
    const before = await dump()
    expect(await status(network.publish())).toBe(303)
    expect(await dump()).toEqual(before)
  })
})

describe('the limits', () => {
  const from = (ip: string, app: App, own: Env) =>
    callIn(own, 'GET', authorizationRequest(app), { headers: { 'CF-Connecting-IP': ip } })

  it('count the documents that a network makes us fetch, not those that are remembered', async () => {
    const own = { ...ENV, PREFILTER: counting(3) }
    const app = network.publish()
    const codes = []
    for (const one of [app, app, app, app, network.publish(), network.publish(), network.publish()])
      codes.push((await from('203.0.113.1', one, own)).status)
    expect(codes).toEqual([303, 303, 303, 303, 303, 303, 429])
    expect((await from('203.0.113.1', app, own)).status).toBe(303)
  })

  it('count what a host is asked, so that nobody can use us against it', async () => {
    const own = { ...ENV, PREFILTER: counting(3) }
    const host = 'victim.example'
    const codes = []
    for (let i = 0; i < 6; i++) codes.push((await from(`${20 + i}.1.2.3`, appAt(newAddress(host)), own)).status)
    expect(codes).toEqual([400, 400, 400, 429, 429, 429])
    // An application of that host that somebody allowed before is counted by itself.
    const known = network.publish({}, { url: newAddress(host) })
    await env.DB.prepare(
      `INSERT INTO clients (id, name, scope, created_at, fetched_at, fresh_until) VALUES (?1, '', '', 1, 1, 1)`,
    )
      .bind(known.client.id)
      .run()
    expect((await from('40.1.2.3', known, own)).status).toBe(303)
  })

  it('let nothing be fetched for nobody', async () => {
    const own = { ...ENV, PREFILTER: limiter(false) }
    expect((await from('203.0.113.2', network.publish(), own)).status).toBe(429)
  })

  it('let an isolate fetch 16 at once', async () => {
    let [open, most] = [0, 0]
    const release: (() => void)[] = []
    const slow = () =>
      served(async (url) => {
        most = Math.max(most, ++open)
        await new Promise<void>((done) => void release.push(done))
        open--
        return new Response(right(url), { headers: json })
      })
    const asked = Array.from({ length: 30 }, async () => status(slow()))
    await expect.poll(() => release.length).toBe(16)
    await new Promise((done) => setTimeout(done, 300))
    for (const one of release) one()
    const codes = await Promise.all(asked)
    expect([most, codes.filter((code) => code === 303).length, codes.filter((code) => code === 503).length]).toEqual([
      16, 16, 14,
    ])
  })
})

describe('the setting', () => {
  const OFF = { ...ENV, CLIENT_ID_METADATA_DOCUMENTS: '' } as unknown as Env
  const supported = async (own: Env) =>
    (await (await callIn(own, 'GET', '/.well-known/oauth-authorization-server')).json<Record<string, unknown>>())[
      'client_id_metadata_document_supported'
    ]

  it('is said in the metadata where it is on', async () => {
    expect(await supported(ENV)).toBe(true)
    expect(await supported(OFF)).toBeUndefined()
  })

  it('fetches nothing where it is off, or for a host that it leaves out', async () => {
    const [app, refused] = [network.publish(), network.publish({}, { url: newAddress('refused.example') })]
    expect([await status(app, {}, OFF), await status(refused)]).toEqual([400, 400])
    expect([network.asked(app.client.id), network.asked(refused.client.id)]).toEqual([0, 0])
  })

  it('needs SIGNING_KEYS', async () => {
    const own = { ...ENV, SIGNING_KEYS: '' } as unknown as Env
    expect(await status(network.publish(), {}, own)).toBe(404)
  })

  it.each(['https://docs.example', 'http://docs.example', 'http://10.0.0.1', 'http://127.0.0.1.example', 'x'])(
    'of the tests cannot lead to %s',
    async (TEST_DOCUMENTS_URL) => {
      expect((await callIn({ ...ENV, TEST_DOCUMENTS_URL } as Env, 'GET', '/ready')).status).toBe(503)
    },
  )

  it('of the tests replaces the host, and nothing else', async () => {
    const own = { ...ENV, TEST_DOCUMENTS_URL: 'http://127.0.0.1:9999' } as unknown as Env
    const id = newAddress('stood.example')
    const there = id.replace('https:/', 'http://127.0.0.1:9999')
    network.serve(there, right(id))
    expect([await status(appAt(id), {}, own), network.asked(there), network.asked(id)]).toEqual([303, 1, 0])
  })
})
