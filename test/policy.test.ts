import { METHOD_NAME_ALL } from 'hono/router'
import { describe, expect, it } from 'vitest'
import { app } from '../src/app.ts'
import { ours } from './descriptions.ts'
import {
  administrator,
  bearer,
  call,
  callIn,
  ENV,
  expectProblem,
  freshDatabase,
  pageRoutes,
  signedIn,
} from './support.ts'
import type { Limited } from './policy.ts'

freshDatabase()

type Part = { strangers?: string[]; limited?: Limited }

/** Every feature says beside its tests what strangers may use of it, and how it is limited. */
const parts = Object.values(import.meta.glob<Part>('./features/*.public.ts', { eager: true }))

/** Routes that strangers may use. */
const PUBLIC = parts.flatMap(({ strangers = [] }) => strangers)

/** Whatever compares a password or sends mail. */
const LIMITED: Limited = Object.assign({}, ...parts.map(({ limited }) => limited))

/** Pages for who is signed in. Others are sent to the login; test/pages/account.test.ts says how, console.test.ts what an admin needs. */
const PAGES = new Set(
  ours.flatMap(({ pages = {} }) => Object.keys(pages).filter((name) => pages[name]!.needs !== undefined)),
)

const routes = [
  ...new Set(
    app.routes.filter(({ method }) => method !== METHOD_NAME_ALL).map(({ method, path }) => `${method} ${path}`),
  ),
].sort()
const split = (route: string) => route.split(' ') as [method: string, path: string]

describe('policy', () => {
  it.each(routes.filter((route) => !PUBLIC.includes(route) && !PAGES.has(route)))(
    '%s asks for a login',
    async (route) => {
      const answer = await call(...split(route))
      await expectProblem(answer, 401, 'login_required')
      expect(answer.headers.get('WWW-Authenticate')).toBe('Bearer realm="latchkey"')
    },
  )

  it.each(routes.filter((route) => PAGES.has(route)))('%s leads to the login', async (route) => {
    const body = route.startsWith('POST') ? new URLSearchParams() : null
    const [method, path] = split(route)
    const answer = await call(method, path.replace(':id', '1').replace(':act', 'delete'), {
      body,
      headers: { 'Sec-Fetch-Site': 'same-origin' },
    })
    expect(answer.status).toBe(303)
    expect(answer.headers.get('Location')).toMatch(/^\/login\?return_to=\/(account|console)/)
    expect(answer.headers.get('Cache-Control')).toBe('no-store')
  })

  it('limits whatever compares a password or sends mail, by network and by account', async () => {
    const found = [...app.routes, ...pageRoutes].flatMap(({ method, path, handler }) =>
      'prefilter' in handler ? [[`${method} ${path}`, handler.prefilter]] : [],
    )
    const spared = found.filter(([route]) => route !== 'GET /ready') // it compares nothing and mails nothing
    expect(Object.fromEntries(spared)).toEqual(
      Object.fromEntries(Object.entries(LIMITED).map(([route, { network }]) => [route, network])),
    )
    for (const [route, { network, account }] of Object.entries(LIMITED)) {
      expect([route, account.length > 0 || network === 'admin']).toEqual([route, true])
    }
  })

  it.each(['confirm', 'admin'])('counts an account that asks from many networks (%s)', async (name) => {
    const user = await (name === 'confirm' ? signedIn() : administrator())
    const keys: string[] = []
    const limit = ({ key }: { key: string }) => Promise.resolve({ success: !keys.includes(key) && keys.push(key) > 0 })
    const own = { ...ENV, PREFILTER: { limit }, PREFILTER_REFRESH: { limit } } as Env
    const [method, path] = name === 'confirm' ? ['POST', '/user/reauth'] : ['POST', '/admin/users']
    const ask = (ip: string) =>
      callIn(own, method, path, {
        json: { password: 'wrong' },
        headers: { Authorization: `Bearer ${user.token}`, 'CF-Connecting-IP': ip },
      })
    expect((await ask('192.0.2.1')).status).not.toBe(429)
    await expectProblem(await ask('198.51.100.1'), 429, 'too_many_attempts')
    expect(keys).toEqual([`${name} 192.0.2.0/24`, `${name} user ${user.id}`, `${name} 198.51.100.0/24`])
  })

  it.each([
    ['confirm', 'POST', '/user/reauth'],
    ['confirm', 'POST', '/account/password'],
    ['admin', 'POST', '/admin/users'],
    ['admin', 'POST', '/console/users/1'],
  ])('counts nothing for a token whose session has ended (%s: %s %s)', async (name, method, path) => {
    const user = await administrator()
    expect((await call('POST', '/user/logout', bearer(user.token))).status).toBe(204)
    const keys: string[] = []
    const limit = ({ key }: { key: string }) => Promise.resolve({ success: keys.push(key) > 0 })
    const own = { ...ENV, PREFILTER: { limit }, PREFILTER_REFRESH: { limit } } as Env
    const page = { 'Sec-Fetch-Site': 'same-origin', 'Content-Type': 'application/x-www-form-urlencoded' }
    const answer = await callIn(own, method, path, {
      headers: {
        ...bearer(user.token).headers,
        'CF-Connecting-IP': '192.0.2.1',
        ...(!/^\/(user|admin)/.test(path) && page),
      },
    })
    expect([401, 303]).toContain(answer.status)
    expect(keys).toEqual([`${name} 192.0.2.0/24`])
  })

  it('lists no public route that is not there', () => {
    expect(routes).toEqual(expect.arrayContaining(PUBLIC))
  })

  it.each(routes)('%s: other methods are 405 with Allow', async (route) => {
    const [method, path] = split(route)
    const answer = await call('PROPFIND', path) // a method that no route has
    await expectProblem(answer, 405, 'method_not_allowed')
    expect(answer.headers.get('Allow')?.split(', ')).toContain(method)
  })

  it('has no handler for all methods, which would answer what nobody wrote', () => {
    expect(app.routes.filter(({ method, handler }) => method === METHOD_NAME_ALL && handler.length < 2)).toEqual([])
  })

  it.each(['/nothing', '/user', '/user/', '/user/login/', '/user//login', '/USER/LOGIN'])('%s is 404', async (path) => {
    await expectProblem(await call('GET', path), 404, 'not_found')
  })

  it('sends the security headers and no-store with every answer', async () => {
    const answers = [
      await call('GET', '/health'),
      await call('GET', '/login'),
      await call('HEAD', '/health'),
      await call('GET', '/nothing'),
      await call('PATCH', '/health'),
      await call('POST', '/user/login'),
      await call('POST', '/user/login', { body: 'x'.repeat(20_000) }),
    ]
    for (const { headers } of answers) {
      expect(headers.get('Cache-Control')).toBe('no-store')
      expect(headers.get('X-Content-Type-Options')).toBe('nosniff')
      expect(headers.get('Referrer-Policy')).toBe('strict-origin')
      expect(headers.get('Strict-Transport-Security')).toBe('max-age=63072000; includeSubDomains')
      expect(headers.get('Content-Security-Policy')).toContain("default-src 'none'")
      expect(headers.get('Content-Security-Policy')).toContain("frame-ancestors 'none'")
      expect(headers.get('Content-Type')).toMatch(/^(application\/(problem\+)?json|text\/html; charset=UTF-8)$/)
      expect(headers.get('X-Request-Id')).toMatch(/^[0-9a-f-]{36}$/)
    }
  })

  it('takes no request id from outside', async () => {
    const answer = await call('GET', '/health', { headers: { 'X-Request-Id': 'chosen' } })
    expect(answer.headers.get('X-Request-Id')).not.toBe('chosen')
  })
})

describe('CORS', () => {
  const preflight = (Origin: string, more: Record<string, string> = {}) =>
    call('OPTIONS', '/user/login', { headers: { Origin, 'Access-Control-Request-Method': 'POST', ...more } })

  it('admits exactly the listed origins, without cookies', async () => {
    const answer = await preflight('https://app.example')
    expect(answer.status).toBe(204)
    expect(answer.headers.get('Access-Control-Allow-Origin')).toBe('https://app.example')
    expect(answer.headers.get('Access-Control-Allow-Headers')).toBe('Authorization,Content-Type')
    expect(answer.headers.get('Access-Control-Allow-Credentials')).toBeNull()
    expect(answer.headers.get('Vary')).toContain('Origin')
  })

  it.each([
    'https://evil.example',
    'null',
    'http://app.example',
    'https://app.example.evil',
    'https://app.example:8443',
    'https://APP.example',
    'https://app.example.',
    'https://app.example/',
  ])('does not admit %s', async (origin) => {
    expect((await preflight(origin)).headers.get('Access-Control-Allow-Origin')).toBeNull()
    const answer = await call('POST', '/user/login', { json: {}, headers: { Origin: origin } })
    expect(answer.headers.get('Access-Control-Allow-Origin')).toBeNull()
    expect(answer.headers.get('Vary')).toContain('Origin')
  })

  it('says once that an answer depends on the origin', async () => {
    const { token } = await signedIn()
    const headers = { Origin: 'https://app.example', Authorization: token }
    const answer = await call('POST', '/action', { headers })
    expect(answer.status).toBe(200)
    expect(answer.headers.get('Access-Control-Allow-Origin')).toBe('https://app.example')
    expect(answer.headers.get('Vary')).toBe('Origin')
  })

  it('lets a listed page read refusals too', async () => {
    const answer = await call('POST', '/user/login', { json: {}, headers: { Origin: 'https://app.example' } })
    expect(answer.status).toBe(422)
    expect(answer.headers.get('Access-Control-Allow-Origin')).toBe('https://app.example')
  })

  it('echoes nothing of the headers that a preflight asks for', async () => {
    const answer = await preflight('https://app.example', {
      'Access-Control-Request-Headers': `x${' '.repeat(60_000)}y`,
    })
    expect(answer.headers.get('Access-Control-Allow-Headers')).toBe('Authorization,Content-Type')
  })
})
