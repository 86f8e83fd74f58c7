import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { config } from '../../../src/config.ts'
import { signJwt } from '../../../src/core/keys/signing.ts'
import { newTicket, writeTicket } from '../../../src/core/ticket.ts'
import {
  type App,
  ask,
  callBy,
  callIn,
  claimsOf,
  cookieOf,
  ENV,
  exchange,
  formOf,
  freshDatabase,
  grantedCode,
  handleOf,
  insertClient,
  type Member,
  member,
  now,
  refreshWith,
  sessionFor,
  tokensIn,
  useTools,
} from '../../support.ts'

freshDatabase()

const ES256 = { ...ENV, ACCESS_TOKEN_ALG: 'ES256' } as Env
const RESOURCE = 'https://api.example'
const TOOLS = 'https://login.example/tools'

let [app, es, user] = [] as unknown as [App, App, Member]

/** Every kind of token that there is, made anew, because some doors use it up. */
const KINDS: Record<string, () => Promise<string>> = {
  'first-party access token, HS256': async () => (await sessionFor(user.id)).token,
  'first-party access token, ES256': async () => {
    const { refresh_token } = await sessionFor(user.id)
    const answer = await callIn(ES256, 'POST', '/user/refresh', { json: { refresh_token } })
    return (await answer.json<{ access_token: string }>()).access_token
  },
  'first-party refresh token': async () => (await sessionFor(user.id)).refresh_token,
  'access token of a client': async () => (await granted()).access_token,
  'access token of a client for a resource': async () => (await granted({ resource: RESOURCE })).access_token,
  'access token of a client for a resource of this service': async () =>
    (await granted({ resource: TOOLS, scope: 'openid tools:read' })).access_token,
  'access token of a client for itself, for such a resource': async () =>
    (await tokensIn(await ask('/oauth/token', app, { grant_type: 'client_credentials', resource: TOOLS })))
      .access_token,
  'access token of a client for itself': async () =>
    (await tokensIn(await ask('/oauth/token', app, { grant_type: 'client_credentials' }))).access_token,
  'id token, RS256': async () => (await granted()).id_token,
  'id token, ES256': async () => (await granted({}, es)).id_token,
  'refresh token of a client': async () => (await granted()).refresh_token,
  'refresh token of another client': async () => (await granted({}, es)).refresh_token,
  'authorization code': () => grantedCode(app, user.token),
  'authorization code of another client': () => grantedCode(es, user.token),
  'authorization handle': async () => (await handleOf(app)).split('/').at(-1)!,
  'logout token': () => logoutToken('RS256'),
  'logout token, ES256': () => logoutToken('ES256'),
  ticket: () => {
    const call = callBy()
    return writeTicket(call, 'login', newTicket(call, { user: { id: user.id, epoch: 0 }, methods: ['password'] }))
  },
  'device token': async () => {
    const { PASSWORD } = await import('../../support.ts')
    const json = { email: user.email, password: PASSWORD }
    const answer = await callIn(ENV, 'POST', '/user/login', { json })
    return (await answer.json<{ device_token: string }>()).device_token
  },
}

const logoutToken = (alg: 'RS256' | 'ES256') =>
  signJwt(
    config(ENV),
    { alg, typ: 'logout+jwt' },
    {
      aud: app.client.id,
      sub: String(user.id),
      sid: claimsOf(user.token).sid,
      iat: now(),
      exp: now() + 120,
      jti: 'x',
      events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
    },
  )

const granted = async (given: Record<string, string> = {}, to: App = app) =>
  tokensIn(await exchange(to, await grantedCode(to, user.token, given)))

const bearing = (token: string, scheme = 'Bearer ') => ({ headers: { Authorization: `${scheme}${token}` } })
const status = async (answer: Promise<Response>): Promise<number> => (await answer).status

/** One of each, for the doors that they do not open. */
const tokens = new Map<string, string>()

/** A service that goes back from ES256 still takes what it gave. */
const FIRST_PARTY = ['first-party access token, HS256', 'first-party access token, ES256']

/** Every kind of door, and who may pass it. A door says whether it opened. */
const DOORS: Record<string, { opens: (token: string) => Promise<boolean>; to: string[] }> = {
  'loginRequired, Bearer': {
    opens: async (token) => (await status(callIn(ENV, 'POST', '/action', bearing(token)))) === 200,
    to: FIRST_PARTY,
  },
  'loginRequired, Bearer, under ES256': {
    opens: async (token) => (await status(callIn(ES256, 'POST', '/action', bearing(token)))) === 200,
    to: ['first-party access token, ES256'],
  },
  'loginRequired, bare': {
    opens: async (token) => (await status(callIn(ENV, 'POST', '/action', bearing(token, '')))) === 200,
    to: FIRST_PARTY,
  },
  strictLogin: {
    opens: async (token) => (await status(callIn(ENV, 'GET', '/user/me', bearing(token)))) === 200,
    to: FIRST_PARTY,
  },
  'strictLogin under ES256': {
    opens: async (token) => (await status(callIn(ES256, 'GET', '/user/me', bearing(token)))) === 200,
    to: ['first-party access token, ES256'],
  },
  anyLevelLogin: {
    opens: async (token) => (await status(callIn(ENV, 'POST', '/user/logout/everywhere', bearing(token)))) === 204,
    to: FIRST_PARTY,
  },
  'offline: logout': {
    opens: async (token) => (await status(callIn(ENV, 'POST', '/user/logout', bearing(token)))) === 204,
    to: FIRST_PARTY,
  },
  'the cookie': {
    opens: async (token) =>
      (await status(callIn(ENV, 'GET', '/account', { headers: { Cookie: cookieOf(token) } }))) === 200,
    to: FIRST_PARTY,
  },
  'the cookie under ES256': {
    opens: async (token) =>
      (await status(callIn(ES256, 'GET', '/account', { headers: { Cookie: cookieOf(token) } }))) === 200,
    to: ['first-party access token, ES256'],
  },
  'the cookie, at the consent of an application': {
    opens: async (token) =>
      (await callIn(ENV, 'GET', await handleOf(app), { headers: { Cookie: cookieOf(token) } })).headers
        .get('Location')!
        .includes('code='),
    to: FIRST_PARTY,
  },
  '/user/refresh': {
    opens: async (refresh_token) =>
      (await status(callIn(ENV, 'POST', '/user/refresh', { json: { refresh_token } }))) === 200,
    to: ['first-party refresh token'],
  },
  'the refresh grant': {
    opens: async (token) => (await status(refreshWith(app, token))) === 200,
    to: ['refresh token of a client'],
  },
  'the code grant': {
    opens: async (code) => (await status(exchange(app, code))) === 200,
    to: ['authorization code'],
  },
  userinfo: {
    opens: async (token) => (await status(callIn(ENV, 'GET', '/oauth/userinfo', bearing(token)))) === 200,
    to: ['access token of a client'],
  },
  'userinfo, POST': {
    opens: async (token) => (await status(callIn(ENV, 'POST', '/oauth/userinfo', bearing(token)))) === 200,
    to: ['access token of a client'],
  },
  revocation: {
    opens: async (token) => {
      const revoked = () => env.DB.prepare('SELECT count(*) AS n FROM revocations').first<number>('n')
      const before = await revoked()
      expect(await status(ask('/oauth/revoke', app, { token }))).toBe(200)
      return before !== (await revoked())
    },
    // The token for a resource is the client's own, too, and ends with its session.
    to: [
      'access token of a client',
      'access token of a client for a resource',
      'access token of a client for a resource of this service',
      'refresh token of a client',
    ],
  },
  'a resource of this service': {
    opens: async (token) => (await status(useTools(bearing(token)))) === 200,
    to: ['access token of a client for a resource of this service'],
  },
  'a resource of this service, by cookie': {
    opens: async (token) => (await status(useTools({ headers: { Cookie: cookieOf(token) } }))) === 200,
    to: [],
  },
  '/oauth/continue': {
    opens: async (handle) => (await status(callIn(ENV, 'GET', `/oauth/continue/${handle}`))) === 303,
    to: ['authorization handle'],
  },
  'the next step of a sign-in': {
    opens: async (ticket) =>
      (await status(callIn(ENV, 'POST', '/user/login/passkey/options', { json: { ticket } }))) === 200,
    to: ['ticket'],
  },
  'the feed': {
    opens: async (token) => (await status(callIn(ENV, 'GET', '/revoked', bearing(token)))) === 200,
    to: [],
  },
}

beforeAll(async () => {
  const registered = { credentials: true, scope: 'openid email read tools:read', resources: [RESOURCE, TOOLS] }
  app = await insertClient(registered)
  es = await insertClient({ ...registered, id_token_alg: 'ES256' })
  // Each belongs to a user of its own, so that a door that one of them opens does not end the others.
  for (const [kind, make] of Object.entries(KINDS)) {
    user = await member()
    tokens.set(kind, await make())
  }
})

describe.each(Object.entries(DOORS))('%s', (_door, { opens, to }) => {
  it.each(to)('opens to a %s', async (kind) => {
    user = await member()
    expect(await opens(await KINDS[kind]!())).toBe(true)
  })

  it('opens to nothing else', async () => {
    const opened = []
    for (const [kind, token] of tokens) if (!to.includes(kind) && (await opens(token))) opened.push(kind)
    expect(opened).toEqual([])
  })
})

it('was tried with tokens that are still good', async () => {
  for (const kind of Object.keys(KINDS)) {
    const own = Object.values(DOORS).find(({ to }) => to.includes(kind))
    if (own) expect([kind, await own.opens(tokens.get(kind)!)]).toEqual([kind, true])
  }
})

describe('a token of a client', () => {
  it('is no first-party token, whatever a service of ours is told to accept', async () => {
    user = await member()
    const { access_token } = await granted()
    const own = { ...ES256, JWT_AUDIENCE: 'https://login.example/oauth/userinfo' } as Env
    expect(await status(callIn(own, 'POST', '/action', bearing(access_token)))).toBe(401)
    expect(await status(callIn(own, 'GET', '/user/me', bearing(access_token)))).toBe(401)
  })

  it('forged as one of ours, with the session of a client, opens no account', async () => {
    user = await member()
    const { access_token } = await granted()
    const { sid } = claimsOf(access_token)
    const { accessToken } = await import('../../../src/core/tokens/tokens.ts')
    const grant = {
      id: String(sid),
      user_id: user.id,
      auth_time: now(),
      expires_at: now() + 600,
      roles: [],
      acr: 'aal1' as const,
      amr: [],
    }
    const { token } = await accessToken(grant, config(ENV), now())
    for (const [method, path] of [
      ['GET', '/user/me'],
      ['GET', '/user/sessions'],
      ['POST', '/user/logout/everywhere'],
    ] as const)
      expect([path, await status(callIn(ENV, method, path, bearing(token)))]).toEqual([path, 401])
  })

  it('is nothing in a form', async () => {
    user = await member()
    const { access_token } = await granted()
    const answer = await callIn(ENV, 'POST', '/oauth/userinfo', { body: formOf({ access_token }) })
    expect(answer.status).toBe(401)
    expect(await status(callIn(ENV, 'GET', `/oauth/userinfo?access_token=${access_token}`))).toBe(401)
  })
})
