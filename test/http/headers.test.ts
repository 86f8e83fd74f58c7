import { env } from 'cloudflare:workers'
import { Hono } from 'hono'
import { setCookie } from 'hono/cookie'
import { describe, expect, it } from 'vitest'
import type { AppEnv } from '../../src/http/app-env.ts'
import { HEADERS, harden } from '../../src/http/headers.ts'

describe('the headers of every answer', () => {
  const passesOn = new Hono<AppEnv>()
    .use(harden)
    .get('/', () => Response.redirect('https://elsewhere.example/', 302)) // as read-only as what `fetch` gives
    .get('/page', (c) => c.html('<p>'))
    .get('/upstream', () => new Response('', { headers: { 'X-Request-Id': 'theirs', 'Cache-Control': 'no-store' } }))
    .get('/own', (c) => c.text('', 200, { 'Cache-Control': 'max-age=60' }))

  it('are set on one that cannot be changed, too', async () => {
    const answer = await passesOn.request('/', {}, env)
    expect([answer.status, answer.headers.get('Location')]).toEqual([302, 'https://elsewhere.example/'])
    expect(answer.headers.get('X-Content-Type-Options')).toBe('nosniff')
    expect(answer.headers.get('X-Request-Id')).toMatch(/^[\da-f-]{36}$/)
  })

  it('are set on one that another server made, whose id for the request is not ours', async () => {
    const { headers } = await passesOn.request('/upstream', {}, env)
    expect(HEADERS.filter(([name, value]) => headers.get(name) !== value)).toEqual([])
    expect(headers.get('X-Request-Id')).toMatch(/^[\da-f-]{36}$/)
  })

  it('can be overridden by a route, and then tell caches that the origin matters', async () => {
    const { headers } = await passesOn.request('/own', {}, env)
    expect(headers.get('Cache-Control')).toBe('max-age=60')
    expect(headers.get('Vary')).toBe('Origin')
    expect(headers.get('Referrer-Policy')).toBe('strict-origin')
  })

  it('keep a page out of frames and apart from windows that it opens, whoever made it', async () => {
    const page = await passesOn.request('/page', {}, env)
    const data = await passesOn.request('/own', {}, env)
    const seen = [page, data].map(({ headers }) => [
      headers.get('X-Frame-Options'),
      headers.get('Cross-Origin-Opener-Policy'),
    ])
    expect(seen).toEqual([
      ['DENY', 'same-origin'],
      [null, null],
    ])
  })
})

describe('JSON as handlers answer it', () => {
  const answers = new Hono<AppEnv>()
    .use(harden)
    .get('/plain', (c) => c.json({ ok: true }))
    .get('/nothing', (c) => c.json(null))
    .get('/status', (c) => {
      c.status(201)
      return c.json({ ok: true })
    })
    .get('/header', (c) => {
      c.header('X-Own', 'one')
      c.header('Referrer-Policy', 'no-referrer')
      return c.json({ ok: true })
    })
    .get('/cookie', (c) => {
      setCookie(c, 'own', 'one')
      return c.json({ ok: true })
    })
    .get('/started', (c) => {
      c.res.headers.set('X-Own', 'one')
      return c.json({ ok: true })
    })
    .get('/arguments', (c) => c.json({ ok: true }, 202, { 'Content-Type': 'application/vnd.own+json' }))
    .get('/init', (c) => c.json({ ok: true }, { status: 203, headers: { 'Cache-Control': 'max-age=60' } }))
    .get('/changed', (c) => {
      const answer = c.json({ ok: true })
      answer.headers.set('Cache-Control', 'max-age=60')
      return answer
    })
    .get('/unused', (c) => {
      c.json({ ok: false })
      return c.text('other')
    })
  const ask = (path: string, init?: RequestInit) => answers.request(path, init, env)
  const carried = (headers: Headers) => HEADERS.map(([name]) => [name, headers.get(name)])

  it('carries what every answer does, and an id of its own', async () => {
    const [one, other] = [await ask('/plain'), await ask('/plain')]
    expect([one.status, await one.json()]).toEqual([200, { ok: true }])
    expect(carried(one.headers)).toEqual(HEADERS)
    expect([...one.headers.keys()]).toEqual(
      [...HEADERS.map(([name]) => name.toLowerCase()), 'cache-control', 'content-type', 'x-request-id'].sort(),
    )
    expect([one.headers.get('Content-Type'), one.headers.get('Cache-Control')]).toEqual([
      'application/json',
      'no-store',
    ])
    expect(one.headers.get('X-Request-Id')).toMatch(/^[\da-f-]{36}$/)
    expect(other.headers.get('X-Request-Id')).not.toBe(one.headers.get('X-Request-Id'))
    expect(await (await ask('/nothing')).text()).toBe('null')
    expect((await ask('/plain', { method: 'HEAD' })).headers.get('X-Content-Type-Options')).toBe('nosniff')
  })

  it.each([
    ['/status', 201, {}],
    ['/header', 200, { 'X-Own': 'one', 'Referrer-Policy': 'no-referrer' }],
    ['/cookie', 200, { 'Set-Cookie': 'own=one; Path=/' }],
    ['/started', 200, { 'X-Own': 'one', Vary: null }],
    ['/arguments', 202, { 'Content-Type': 'application/vnd.own+json' }],
    ['/changed', 200, { 'Cache-Control': 'max-age=60', Vary: 'Origin' }],
    ['/init', 203, { 'Cache-Control': 'max-age=60', Vary: 'Origin' }],
  ])('is as the handler of %s says', async (path, status, said) => {
    const answer = await ask(path)
    expect([answer.status, await answer.json()]).toEqual([status, { ok: true }])
    const expected: Record<string, string | null> = { ...Object.fromEntries(HEADERS), ...said }
    for (const [name, value] of Object.entries(expected))
      expect([name, answer.headers.get(name)]).toEqual([name, value])
    expect(answer.headers.get('X-Request-Id')).toMatch(/^[\da-f-]{36}$/)
  })

  it('gives nothing to an answer that is another one in the end', async () => {
    const answer = await ask('/unused')
    expect(await answer.text()).toBe('other')
    expect(answer.headers.get('Content-Type')).toMatch(/^text.plain/)
    expect(carried(answer.headers)).toEqual(HEADERS)
    expect(answer.headers.get('Cache-Control')).toBe('no-store')
  })
})
