import { describe, expect, it } from 'vitest'
import { app as latchkey } from '../../../src/app.ts'
import type { Resource } from '../../../src/core/call.ts'
import { protectedResource } from '../../../src/features/oauth/protected-resource.ts'
import {
  authorizationRequest,
  browse,
  call,
  callBy,
  callIn,
  ENV,
  exchange,
  expectProblem,
  freshDatabase,
  grantedCode,
  handleOf,
  insertClient,
  limiter,
  counting,
  member,
  sentTo,
  signedInTo,
  tokensIn,
} from '../../support.ts'

freshDatabase()

const DOCUMENTS = ['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server']
const ISSUER = 'https://login.example'

type Metadata = Record<string, unknown> & { issuer: string }
const metadata = async () => (await call('GET', DOCUMENTS[0]!)).json<Metadata>()

describe('the metadata', () => {
  it.each(DOCUMENTS)('is at %s, for every origin and every cache', async (path) => {
    const answer = await call('GET', path)
    expect(answer.status).toBe(200)
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'application/json',
      'cache-control': 'public, max-age=300',
      'access-control-allow-origin': '*',
    })
    expect(await answer.json()).toEqual(await metadata())
  })

  it('names the issuer to the letter, without a path or a slash', async () => {
    expect((await metadata()).issuer).toBe(ISSUER)
  })

  it('lists nothing that is not allowed', async () => {
    const text = JSON.stringify({ ...(await metadata()), prompt_values_supported: [] }) // there, none means no page
    for (const never of ['none', 'plain', 'implicit', 'password', 'token id_token', 'fragment', 'HS256'])
      expect(text).not.toContain(`"${never}"`)
  })

  it('names addresses that are there', async () => {
    const { issuer, ...rest } = await metadata()
    const paths = Object.values(rest).filter(
      (value): value is string => typeof value === 'string' && value.startsWith(issuer),
    )
    const routes = new Set(latchkey.routes.map(({ path }) => path))
    expect(paths.length).toBeGreaterThanOrEqual(5)
    for (const path of paths) expect([path, routes.has(path.slice(issuer.length))]).toEqual([path, true])
  })

  it('says what is true', async () => {
    const said = await metadata()
    expect(said).toMatchObject({
      response_types_supported: ['code'],
      response_modes_supported: ['query'],
      grant_types_supported: ['authorization_code', 'refresh_token', 'client_credentials'],
      code_challenge_methods_supported: ['S256'],
      token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
      id_token_signing_alg_values_supported: ['RS256', 'ES256'],
      subject_types_supported: ['public'],
      prompt_values_supported: ['none', 'login', 'consent', 'select_account'],
      authorization_response_iss_parameter_supported: true,
      request_parameter_supported: false,
      request_uri_parameter_supported: false,
      claims_parameter_supported: false,
    })
    const user = await member()
    for (const id_token_alg of said.id_token_signing_alg_values_supported as ['RS256', 'ES256']) {
      const app = await insertClient({ id_token_alg })
      const { id_token } = await tokensIn(await exchange(app, await grantedCode(app, user.token)))
      const [header = ''] = id_token.split('.')
      expect(JSON.parse(atob(header))).toMatchObject({ alg: id_token_alg, typ: 'JWT', kid: expect.any(String) })
    }
    const app = await insertClient()
    for (const prompt of said.prompt_values_supported as string[])
      expect((await browse(authorizationRequest(app, { prompt }))).headers.get('Location')).toContain(
        '/oauth/continue/',
      )
    for (const acr_values of said.acr_values_supported as string[]) await handleOf(app, { acr_values })
    const { tokens } = await signedInTo({ scope: (said.scopes_supported as string[]).join(' ') })
    expect(tokens.scope.split(' ')).toEqual(said.scopes_supported)
    expect((await sentTo(app, user.token)).searchParams.get('iss')).toBe(said.issuer)
  })

  it.each([
    '/.well-known/oauth-authorization-server/p',
    '/.well-known/openid-configuration/p',
    '/p/.well-known/openid-configuration',
    '/.well-known/oauth-protected-resource/',
    '/.well-known/oauth-protected-resource/action',
    '/.well-known/oauth-protected-resource/tools/',
    '/.well-known/oauth-authorization-server/tools',
    '/.well-known/openid-configuration/tools',
    '/tools/.well-known/openid-configuration',
    '/tools/.well-known/oauth-protected-resource',
    '/.well-known/anything',
    '/.well-known',
    '/.well-known/',
  ])('does not exist at %s: 404 in JSON, for browsers too', async (path) => {
    for (const headers of [{}, { Accept: 'text/html', Origin: 'https://any.example' }]) {
      const answer = await call('GET', path, { headers: headers as Record<string, string> })
      expect([answer.status, answer.headers.get('Content-Type')]).toEqual([404, 'application/problem+json'])
      if ('Origin' in headers && path.startsWith('/.well-known/') && path !== '/.well-known/')
        expect(answer.headers.get('Access-Control-Allow-Origin')).toBe('*')
    }
  })
})

describe('the metadata of a resource', () => {
  const path = '/.well-known/oauth-protected-resource'

  it.each([path, `${path}/tools`])('is at %s, for every origin and every cache', async (at) => {
    const answer = await call('GET', at, { headers: { Origin: 'https://any.example' } })
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'application/json',
      'cache-control': 'public, max-age=300',
      'access-control-allow-origin': '*',
    })
    expect(await answer.json()).toEqual({
      resource: `${ISSUER}/tools`,
      authorization_servers: [ISSUER],
      scopes_supported: ['tools:read', 'tools:write'],
      bearer_methods_supported: ['header'],
      resource_name: 'The tools',
    })
  })

  it('is that of its own host and path, and no other', async () => {
    const text = { en: 'x', ko: 'x' }
    const known = (...all: Resource[]) => ({
      ...callBy(),
      registry: { ...callBy().registry, features: [{ name: 'mine', resources: all }] },
    })
    const two = known(
      { at: '/a/b', scopes: { a: text } },
      { at: 'https://mcp.example', scopes: { b: text } },
      { at: 'https://mcp.example/a/b', scopes: { c: text } },
    )
    const named = (url: string) => {
      try {
        return protectedResource(url, two).resource
      } catch {
        return undefined
      }
    }
    expect(named(`${ISSUER}${path}/a/b`)).toBe(`${ISSUER}/a/b`)
    expect(named(`http://behind.proxy${path}/a/b`)).toBe(`${ISSUER}/a/b`)
    expect(named(`${ISSUER}${path}`)).toBe(`${ISSUER}/a/b`) // the only one of this host
    expect(named(`https://mcp.example${path}`)).toBe('https://mcp.example/')
    expect(named(`https://mcp.example${path}/a/b`)).toBe('https://mcp.example/a/b')
    expect(named(`${ISSUER}${path}/a`)).toBeUndefined()
    expect(named(`https://other.example${path}/x`)).toBeUndefined()
    const one = known({ at: '/a', scopes: { a: text } }, { at: 'https://mcp.example/b', scopes: { b: text } })
    expect(protectedResource(`https://mcp.example${path}`, one).resource).toBe('https://mcp.example/b')
    const several = known({ at: '/a', scopes: { a: text } }, { at: '/b', scopes: { b: text } })
    expect(() => protectedResource(`${ISSUER}${path}`, several)).toThrow()
    const own = known({ at: '/', scopes: { a: text } }, { at: '/oauth/userinfo', scopes: { b: text } })
    expect(() => protectedResource(`${ISSUER}${path}`, own)).toThrow() // what opens more than a resource
  })

  it('is not there without keys', async () => {
    await expectProblem(await callIn({ ...ENV, SIGNING_KEYS: '' } as Env, 'GET', path), 404, 'not_found')
  })
})

describe('CORS', () => {
  const open = ['/oauth/token', '/oauth/userinfo', '/oauth/revoke', '/oauth/jwks', ...DOCUMENTS]
  const preflight = (path: string, headers = 'authorization,mcp-protocol-version') =>
    call('OPTIONS', path, {
      headers: {
        Origin: 'https://any.example',
        'Access-Control-Request-Method': 'POST',
        'Access-Control-Request-Headers': headers,
      },
    })

  it('admits every origin to a resource, which takes no cookies', async () => {
    for (const at of ['/tools', '/tools/more']) {
      const answer = await preflight(at, 'authorization,mcp-protocol-version,mcp-param-anything')
      expect(Object.fromEntries(answer.headers)).toMatchObject({
        'access-control-allow-origin': '*',
        'access-control-allow-headers': 'Authorization,Content-Type,*',
        'access-control-allow-methods': 'GET,POST,DELETE',
      })
      expect(answer.headers.has('Access-Control-Allow-Credentials')).toBe(false)
    }
    expect((await preflight('/toolsx')).headers.get('Access-Control-Allow-Origin')).toBeNull()
  })

  it.each(open)('admits every origin to %s, without cookies', async (path) => {
    const answer = await preflight(path)
    expect(answer.status).toBe(204)
    expect(answer.headers.get('Access-Control-Allow-Origin')).toBe('*')
    expect(answer.headers.get('Access-Control-Allow-Credentials')).toBeNull()
    expect(answer.headers.get('Access-Control-Allow-Headers')).toBe('Authorization,Content-Type,*')
    const got = await call(path.endsWith('token') || path.endsWith('revoke') ? 'POST' : 'GET', path, {
      headers: { Origin: 'https://any.example' },
    })
    expect(got.headers.get('Access-Control-Allow-Origin')).toBe('*')
    expect(got.headers.get('Access-Control-Expose-Headers')).toContain('WWW-Authenticate')
    expect(got.headers.get('Access-Control-Expose-Headers')).toContain('DPoP-Nonce')
  })

  it.each(['/oauth/authorize', '/oauth/continue/lkt_x', '/oauth/tokenx', '/oauth', '/user/me', '/login', '/account'])(
    'admits nobody to %s',
    async (path) => {
      expect((await preflight(path)).headers.get('Access-Control-Allow-Origin')).toBeNull()
      const got = await call('GET', path, { headers: { Origin: 'https://any.example' } })
      expect(got.headers.get('Access-Control-Allow-Origin')).toBeNull()
    },
  )
})

describe('limits', () => {
  const far = { 'CF-Connecting-IP': '203.0.113.7' }
  const full = { ...ENV, PREFILTER: limiter(false), PREFILTER_REFRESH: limiter(false), BREAKER: limiter(false) } as Env

  it.each([
    ['GET', '/oauth/authorize'],
    ['POST', '/oauth/authorize'],
    ['GET', '/oauth/continue/lkt_x'],
    ['POST', '/oauth/continue/lkt_x'],
    ['POST', '/oauth/token'],
    ['GET', '/oauth/userinfo'],
    ['POST', '/oauth/userinfo'],
    ['POST', '/oauth/revoke'],
  ])('are of a network: %s %s', async (method, path) => {
    const answer = await callIn(full, method, path, { headers: { ...far, 'Sec-Fetch-Site': 'same-origin' } })
    expect([answer.status, answer.headers.get('Retry-After')]).toEqual([429, '60'])
  })

  it('are of a client that has shown who it is, from wherever it asks', async () => {
    const { app, tokens } = await signedInTo()
    const other = await insertClient()
    const own = { ...ENV, BREAKER: counting(2) } as Env
    let n = 0
    const from = () => ({ 'CF-Connecting-IP': `203.0.${++n}.7` })
    const revoke = async ({ client, secret }: typeof app, given = secret) =>
      (
        await callIn(own, 'POST', '/oauth/revoke', {
          headers: from(),
          body: new URLSearchParams({ client_id: client.id, client_secret: given, token: 'x' }),
        })
      ).status
    // A public client only names itself, as any stranger can.
    const named = await insertClient({ public: true })
    const nameless = { client: named.client, secret: '' }
    for (let i = 0; i < 5; i++) expect(await revoke(nameless)).toBe(200)
    // Whoever does not know the secret uses up nothing.
    for (let i = 0; i < 5; i++) expect(await revoke(app, 'wrong')).toBe(401)
    expect([await revoke(app), await revoke(app), await revoke(app)]).toEqual([200, 200, 429])
    expect(await revoke(other)).toBe(200)
    const info = async (token = tokens.access_token) =>
      (
        await callIn(own, 'GET', '/oauth/userinfo', {
          headers: { ...from(), Authorization: `Bearer ${token}` },
        })
      ).status
    expect([await info(), await info(), await info()]).toEqual([200, 200, 429])
    const another = await member()
    const theirs = await tokensIn(await exchange(app, await grantedCode(app, another.token)))
    expect(await info(theirs.access_token)).toBe(200)
  })

  it('are of an account that is signed in', async () => {
    const [app, user] = [await insertClient(), await member()]
    const path = await handleOf(app)
    const own = { ...ENV, PREFILTER_REFRESH: counting(2) } as Env
    const statuses = []
    for (let i = 0; i < 3; i++)
      statuses.push(
        (
          await callIn(own, 'GET', path, {
            headers: { 'CF-Connecting-IP': `203.0.${i}.7`, Cookie: `__Host-latchkey=${user.token}` },
          })
        ).status,
      )
    expect(statuses).toEqual([303, 303, 429])
  })
})

describe('userinfo', () => {
  it('asks for a token, and says what was wrong with one', async () => {
    const cases = [
      [{}, 401, 'Bearer realm="latchkey", scope="openid"'],
      [{ Authorization: 'Bearer x' }, 401, 'Bearer realm="latchkey", scope="openid", error="invalid_token"'],
      [{ Authorization: 'Basic eDp4' }, 401, 'Bearer realm="latchkey", scope="openid", error="invalid_token"'],
    ] as const
    for (const [headers, status, challenge] of cases)
      for (const method of ['GET', 'POST']) {
        const answer = await call(method, '/oauth/userinfo', { headers })
        expect([answer.status, answer.headers.get('WWW-Authenticate')]).toEqual([status, challenge])
      }
    const { tokens } = await signedInTo({ scope: 'email' })
    const answer = await call('GET', '/oauth/userinfo', { headers: { Authorization: `Bearer ${tokens.access_token}` } })
    expect([answer.status, answer.headers.get('WWW-Authenticate')]).toEqual([
      403,
      'Bearer realm="latchkey", error="insufficient_scope", scope="openid"',
    ])
  })

  it.each([
    ['openid', ['sub']],
    ['openid email', ['sub', 'email', 'email_verified']],
    ['openid profile', ['sub', 'name']],
    ['openid profile email', ['sub', 'email', 'email_verified', 'name']],
  ])('says for the scope %s no more than it opens', async (scope, names) => {
    const [app, user] = [await insertClient(), await member()]
    await ENV.DB.prepare(`UPDATE users SET name = 'Ann' WHERE id = ?`).bind(user.id).run()
    const tokens = await tokensIn(await exchange(app, await grantedCode(app, user.token, { scope })))
    for (const method of ['GET', 'POST']) {
      const answer = await call(method, '/oauth/userinfo', {
        headers: { Authorization: `Bearer ${tokens.access_token}` },
      })
      expect(Object.keys(await answer.json<object>())).toEqual(names)
    }
  })
})
