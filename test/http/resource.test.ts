import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { appOf, features } from '../../src/app.ts'
import { config } from '../../src/config.ts'
import { isRevoked } from '../../src/core/sessions/revocations.ts'
import { signJwt } from '../../src/core/keys/signing.ts'
import {
  anotherIsolate,
  type App,
  type AppTokens,
  ask,
  authorizationRequest,
  bearer,
  browse,
  call,
  claimsOf,
  clock,
  ENV,
  exchange,
  expectProblem,
  expectRefusal,
  faultyD1,
  forge,
  freshDatabase,
  grantedCode,
  handleOf,
  insertClient,
  leadsTo,
  type Member,
  member,
  refreshWith,
  sentTo,
  submit,
  tokensIn,
  useTools,
} from '../support.ts'

freshDatabase()

const TOOLS = 'https://login.example/tools'
const METADATA = 'resource_metadata="https://login.example/.well-known/oauth-protected-resource/tools"'
const challenge = (...more: string[]) => ['Bearer realm="latchkey"', ...more].join(', ')

let [app, user, tokens] = [] as unknown as [App, Member, AppTokens]
const granted = async (given = {}, to = app, of = user) =>
  tokensIn(await exchange(to, await grantedCode(to, of.token, { resource: TOOLS, scope: 'tools:read', ...given })))

beforeAll(async () => {
  ;[app, user] = [await insertClient({ public: true }), await member()]
  tokens = await granted()
})

describe('a resource that a feature declares', () => {
  it('gives its handler who asks for whom', async () => {
    const answer = await useTools(bearer(tokens.access_token))
    expect(answer.status).toBe(200)
    expect(await answer.json()).toEqual({
      user_id: user.id,
      client_id: app.client.id,
      session_id: claimsOf(tokens.access_token)['sid'],
      scope: ['tools:read'],
      resource: TOOLS,
    })
  })

  it('asks for a token, and says where to get one', async () => {
    for (const headers of [{}, { Cookie: `__Host-latchkey=${user.token}` }] as Record<string, string>[]) {
      const answer = await useTools({ headers })
      await expectProblem(answer, 401, 'login_required')
      expect(answer.headers.get('WWW-Authenticate')).toBe(challenge(METADATA, 'scope="tools:read"'))
    }
  })

  it('reads nothing from the database for a token, once the revocations are known', async () => {
    await useTools(bearer(tokens.access_token))
    const { db, calls } = faultyD1(env.DB)
    const own = { ...ENV, DB: db } as Env
    await isRevoked({ db, maxAgeSeconds: 5, waitUntil: () => {} }, 'x')
    calls.length = 0
    expect((await useTools(bearer(tokens.access_token), own)).status).toBe(200)
    expect(calls).toEqual([])
  })

  it('is 404 without keys, and 405 where no handler follows', async () => {
    await expectProblem(await useTools({}, { ...ENV, SIGNING_KEYS: '' } as Env), 404, 'not_found')
    expect((await useTools({ method: 'PATCH' })).status).toBe(405)
  })

  it.each([
    ['none', {}],
    ['one of everybody', { openid: { en: 'x', ko: 'x' } }],
    ['one of another resource', { 'tools:read': { en: 'x', ko: 'x' } }],
    ['two in one', { 'a b"': { en: 'x', ko: 'x' } }],
  ])('has scopes of its own: %s', (_name, scopes) => {
    expect(() => appOf([...features, { name: 'mine', resources: [{ at: '/mine', scopes }] }])).toThrow('/mine')
  })
})

describe('a token opens nothing', () => {
  const refused = async (token: string, scheme = 'Bearer ') => {
    const answer = await useTools({ headers: { Authorization: `${scheme}${token}` } })
    await expectProblem(answer, 401, 'invalid_token')
    const said = challenge('error="invalid_token"', METADATA, 'scope="tools:read"')
    expect(answer.headers.get('WWW-Authenticate')).toBe(said)
  }
  const signed = (claims: object, typ: 'at+jwt' | 'JWT' = 'at+jwt', own = ENV) =>
    signJwt(config(own), { alg: 'ES256', typ }, { ...claimsOf(tokens.access_token), ...claims })

  it('if it says another audience, several, or none', async () => {
    const { origin } = new URL(TOOLS)
    for (const aud of [origin, `${TOOLS}/`, `${TOOLS}/more`, 'https://other.example/tools', [TOOLS], undefined])
      await refused(await signed({ aud }))
    expect((await useTools(bearer(await signed({})))).status).toBe(200)
  })

  it('if it is of another kind, key or issuer, names no client, or was changed', async () => {
    await refused(await signed({}, 'JWT'))
    await refused(await signed({}, 'at+jwt', { ...ENV, PUBLIC_URL: 'https://other.example' } as Env))
    await refused(await signed({ client_id: undefined }))
    await refused(await signed({ sid: undefined }))
    await refused(await forge({ payload: claimsOf(tokens.access_token) }))
    await refused(await forge({ header: { alg: 'HS256', typ: 'at+jwt' }, payload: claimsOf(tokens.access_token) }))
    const [header, , signature] = tokens.access_token.split('.')
    const more = btoa(JSON.stringify({ ...claimsOf(tokens.access_token), scope: 'tools:read tools:write' }))
    await refused(`${header}.${more.replaceAll('=', '')}.${signature}`)
  })

  it('if it is bare, expired, or of a first party', async () => {
    await refused(tokens.access_token, '')
    await refused(user.token)
    await refused('x')
    clock.forward(3_600)
    await refused((await signed({ exp: Math.floor(Date.now() / 1000) })) as string)
    await refused(tokens.access_token)
  })

  it('once it is revoked, elsewhere within five seconds', async () => {
    const ends: [string, (of: Member, own: App, mine: AppTokens) => Promise<Response>][] = [
      ['the client revokes it', (_, own, { refresh_token }) => ask('/oauth/revoke', own, { token: refresh_token })],
      ['sign-out everywhere', (of) => call('POST', '/user/logout/everywhere', bearer(of.token))],
      ['withdrawn', (of, { client }) => call('DELETE', `/user/applications/${client.id}`, bearer(of.token))],
    ]
    for (const [how, end] of ends) {
      const [of, own] = [await member(), await insertClient()]
      const mine = await granted({ scope: 'tools:read offline_access' }, own, of)
      const there = anotherIsolate()
      expect([how, (await useTools(bearer(mine.access_token), there)).status]).toEqual([how, 200])
      expect([how, (await end(of, own, mine)).ok]).toEqual([how, true])
      await refused(mine.access_token)
      clock.forward(6)
      expect([how, (await useTools(bearer(mine.access_token), there)).status]).toEqual([how, 401])
    }
  })
})

describe('a scope', () => {
  it('that the token lacks is named, beside those it has', async () => {
    const both = await granted({ scope: 'openid email offline_access tools:read' })
    const answer = await useTools({ method: 'PUT', ...bearer(both.access_token) })
    await expectProblem(answer, 403, 'insufficient_scope')
    const said = challenge('error="insufficient_scope"', METADATA, 'scope="tools:read tools:write"')
    expect(answer.headers.get('WWW-Authenticate')).toBe(said)
    const { access_token } = await granted({ scope: 'tools:read tools:write' })
    expect((await useTools({ method: 'PUT', ...bearer(access_token) })).status).toBe(200)
    const none = await granted({ scope: 'openid' })
    await expectProblem(await useTools(bearer(none.access_token)), 403, 'insufficient_scope')
  })

  it('of a resource is for every client, with that resource alone', async () => {
    expect(tokens.scope).toBe('tools:read')
    const without = await tokensIn(
      await exchange(app, await grantedCode(app, user.token, { scope: 'openid tools:read' })),
    )
    expect(without.scope).toBe('openid')
    const code = await grantedCode(app, user.token, {
      scope: 'tools:read other',
      resource: 'HTTPS://Login.Example/tools',
    })
    const spelled = await tokensIn(await exchange(app, code, { resource: 'HTTPS://LOGIN.example/tools' }))
    expect(claimsOf(spelled.access_token)).toMatchObject({ aud: TOOLS, scope: 'tools:read' })
    const unknown = await sentTo(app, user.token, { resource: `${TOOLS}/more` })
    expect(unknown.searchParams.get('error')).toBe('invalid_target')
  })

  it('of a resource is for that resource alone, even if a client is registered for the word', async () => {
    const theirs = await insertClient({
      third_party: true,
      scope: 'openid tools:read own',
      resources: ['https://api.example'],
    })
    for (const resource of [undefined, 'https://api.example']) {
      const of = await member()
      const path = await handleOf(theirs, { resource, scope: 'openid tools:read own' })
      const answer = await submit(path, { decision: 'allow', user_id: String(of.id) }, of.token)
      const code = new URL(answer.headers.get('Location')!).searchParams.get('code')!
      expect((await tokensIn(await exchange(theirs, code))).scope).toBe('openid own')
      const page = await browse(await handleOf(theirs, { resource: TOOLS, scope: 'openid tools:read' }), of.token)
      expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('read with the tools')])
    }
  })

  it('of a resource is not for a client that acts for itself', async () => {
    const itself = await insertClient({ credentials: true, scope: 'read' })
    const asked = { grant_type: 'client_credentials', resource: TOOLS }
    await expectRefusal(await ask('/oauth/token', itself, asked), 400, 'invalid_target')
  })
})

describe('consent', () => {
  it('is asked in words, and again for more', async () => {
    const [theirs, of] = [await insertClient({ third_party: true, public: true }), await member()]
    const asked = (scope: string) => handleOf(theirs, { resource: TOOLS, scope })
    const path = await asked('tools:read')
    expect(await (await browse(path, of.token)).text()).toContain('<li>read with the tools</li>')
    expect(await (await browse(`${path}?lang=ko`, of.token)).text()).toContain('<li>도구로 읽기</li>')
    const allow = { decision: 'allow', user_id: String(of.id) }
    expect(leadsTo(await submit(path, allow, of.token))[1]).toContain('code=')
    expect((await sentTo(theirs, of.token, { resource: TOOLS, scope: 'tools:read' })).search).toContain('code=')
    const more = await browse(await asked('tools:read tools:write'), of.token)
    expect([more.status, await more.text()]).toEqual([200, expect.stringContaining('write with the tools')])
    const quiet = authorizationRequest(theirs, { resource: TOOLS, scope: 'tools:read tools:write', prompt: 'none' })
    const handle = (await browse(quiet, of.token)).headers.get('Location')!
    expect((await browse(handle, of.token)).headers.get('Location')).toContain('error=consent_required')
  })
})

describe('a refresh', () => {
  it('keeps the resource, whether it names it or not, and takes no other', async () => {
    const mine = await granted({ scope: 'tools:read tools:write' })
    const again = await tokensIn(await refreshWith(app, mine.refresh_token))
    expect(claimsOf(again.access_token)).toMatchObject({ aud: TOOLS, scope: 'tools:read tools:write' })
    const named = { resource: 'HTTPS://login.example/tools', scope: 'tools:read' }
    const less = await tokensIn(await refreshWith(app, again.refresh_token, named))
    expect(claimsOf(less.access_token)).toMatchObject({ aud: TOOLS, scope: 'tools:read' })
    for (const resource of [`${TOOLS}/more`, 'https://login.example', 'x'])
      await expectRefusal(await refreshWith(app, less.refresh_token, { resource }), 400, 'invalid_target')
    const without = await tokensIn(await exchange(app, await grantedCode(app, user.token)))
    const wider = await refreshWith(app, without.refresh_token, { resource: TOOLS })
    await expectRefusal(wider, 400, 'invalid_target')
  })
})
