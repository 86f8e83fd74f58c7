import { env } from 'cloudflare:workers'
import { Hono } from 'hono'
import { METHOD_NAME_ALL } from 'hono/router'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { app } from '../../src/app.ts'
import { answerError } from '../../src/http/answer.ts'
import type { AppEnv } from '../../src/http/app-env.ts'
import { harden } from '../../src/http/headers.ts'
import { observe } from '../../src/http/observe.ts'
import {
  bearer,
  brokenDatabase,
  callIn,
  ENV,
  expectProblem,
  freshAddress,
  freshDatabase,
  insertUser,
  limiter,
  lost,
  member,
  PASSWORD,
} from '../support.ts'

freshDatabase()

const names = ['debug', 'error', 'info', 'log', 'warn'] as const
let said: [level: (typeof names)[number], ...unknown[]][] = []

beforeEach(() => {
  said = []
  for (const name of names) vi.spyOn(console, name).mockImplementation((...line) => void said.push([name, ...line]))
})
afterEach(() => {
  vi.restoreAllMocks()
})

/** The tests' bindings as a deployment has them: nothing said about logs. */
const OWN = { ...ENV, REQUEST_LOG: '' } as Env
const own = (settings: object) => ({ ...OWN, ...settings }) as Env

type Line = Record<string, unknown>

/** What was said since the test began: each a line of JSON, and nothing beside it. */
const lines = (): [level: string, line: Line][] =>
  said.map(([level, text, ...more]) => {
    expect(more).toEqual([])
    expect(text).not.toContain('\n')
    return [level, JSON.parse(text as string) as Line]
  })

const number = expect.any(Number) as number

/** The only line, without what no two requests share. */
function only(level: string): Line {
  expect(lines()).toHaveLength(1)
  const [[name, line]] = lines() as [[string, Line]]
  expect([name, line.level]).toEqual([level, level])
  expect(line.request_id).toMatch(/^[0-9a-f-]{36}$/)
  expect([line.ms, line.d1_ms]).toEqual([number, number])
  const { level: _level, request_id: _id, ms: _ms, d1_ms: _d1, ...rest } = line
  return rest
}

describe('a request', () => {
  it('leaves one line, with the pattern of its route and whose it was', async () => {
    const user = await member()
    const path = `/user/sessions/${user.sid}?token=canary`
    const answer = await callIn(OWN, 'DELETE', path, bearer(user.token))
    expect(answer.status).toBe(204)
    expect(lines()[0]![1].request_id).toBe(answer.headers.get('X-Request-Id'))
    expect(only('info')).toEqual({
      method: 'DELETE',
      route: '/user/sessions/:id',
      status: 204,
      code: null,
      d1: 2, // the guard, the batch; what is done after the answer is not waited for
      country: null,
      user_id: user.id,
    })
  })

  it('counts the calls of D1 that are its own, not those of others or of the doorkeeper', async () => {
    const [user, { email }] = [await member(), await insertUser()]
    const signIn = () => callIn(OWN, 'POST', '/user/login', { json: { email, password: PASSWORD } })
    const me = () => callIn(OWN, 'GET', '/user/me', bearer(user.token))
    await Promise.all([signIn(), me(), me(), me()])
    const counts = lines().map(
      ([, { route, d1, user_id }]) => `${route as string}: ${d1 as number}, ${user_id as number}`,
    )
    const mine = `/user/me: 2, ${user.id}`
    expect(counts.sort()).toEqual(['/user/login: 1, null', mine, mine, mine])
  })

  it('with a token on a route behind loginRequired asks D1 nothing, once the isolate knows the revoked', async () => {
    const user = await member()
    await callIn(OWN, 'POST', '/action', bearer(user.token))
    said = []
    await callIn(OWN, 'POST', '/action', bearer(user.token))
    expect(only('info')).toMatchObject({ route: '/action', d1: 0, user_id: user.id })
  })

  it('says where it came from as far as Cloudflare does', async () => {
    const cf = { country: 'KR' } as RequestInitCfProperties
    await callIn(OWN, 'GET', '/login', { cf } as RequestInit)
    expect(only('info')).toMatchObject({ country: 'KR', route: '/login', status: 200 })
  })

  it('that is refused says the code, whoever refused it', async () => {
    const cases: [method: string, path: string, init: object, status: number, code: string, route: string | null][] = [
      ['GET', '/user/me', {}, 401, 'login_required', '/user/me'],
      ['POST', '/user/login', { json: {} }, 422, 'invalid_body', '/user/login'],
      ['POST', '/user/login', { body: 'x'.repeat(20_000) }, 413, 'body_too_large', '/user/login'],
      ['POST', '/login', {}, 403, 'cross_site_request', '/login'], // a page, which answers HTML
      ['PUT', '/user/me', {}, 405, 'method_not_allowed', null],
      ['GET', '/nothing', {}, 404, 'not_found', null],
      ['GET', '/action/nothing', {}, 404, 'not_found', null],
    ]
    for (const [method, path, init, status, code, route] of cases) {
      said = []
      expect((await callIn(OWN, method, path, init)).status).toBe(status)
      const { method: how, route: where, status: what, code: why } = only('info')
      expect([how, where, what, why]).toEqual([method, route, status, code])
    }
  })

  it('of no route shows the outline of its path: no query, no id, no address, and not much of it', async () => {
    const outlines: [string, string][] = [
      ['/wp-login.php?user=canary', '/wp-login.php'],
      ['/user/sessions/VGhpcyBpcyBhIHNlc3Npb24', '/user/sessions/*'],
      ['/user/someone@example.com/eyJhbGciOi.J9', '/user/*/*'],
      [`/${'a'.repeat(21)}/${'x/'.repeat(500)}`, '/*/x/x/x/x'],
      ['/%0a%22,%22level%22:%22error', '/*'],
      ['/12345', '/*'],
    ]
    for (const [path, outline] of outlines) {
      said = []
      await callIn(OWN, 'PATCH', path)
      expect(only('info').path).toBe(outline)
    }
  })

  it('for HEAD and a preflight is told as what it is', async () => {
    const head = await callIn(OWN, 'HEAD', '/login')
    expect([head.status, await head.text()]).toEqual([200, ''])
    expect(only('info')).toMatchObject({ method: 'HEAD', route: '/login', status: 200 })
    said = []
    const headers = { Origin: 'https://app.example', 'Access-Control-Request-Method': 'POST' }
    expect((await callIn(OWN, 'OPTIONS', '/user/login', { headers })).status).toBe(204)
    expect(only('info')).toMatchObject({ method: 'OPTIONS', route: null, path: '/user/login', status: 204 })
  })

  it('for /health is not told, unless something is wrong', async () => {
    expect((await callIn(OWN, 'GET', '/health')).status).toBe(200)
    expect(lines()).toEqual([])
    await callIn(OWN, 'POST', '/health')
    expect(only('info')).toMatchObject({ status: 405 })
  })

  it('that fails leaves one line, an error, with the reason and no stack', async () => {
    const user = await member()
    const broken = own({ DB: brokenDatabase(lost) })
    await expectProblem(await callIn(broken, 'GET', '/user/me', bearer(user.token)), 503, 'unavailable')
    expect(only('error')).toEqual({
      method: 'GET',
      route: '/user/me',
      status: 503,
      code: 'unavailable',
      d1: 1,
      country: null,
      user_id: null,
      reason: 'Error: D1_ERROR: Network connection lost.',
    })
  })

  it('that nobody foresaw is told once, too, and its answer goes out whole', async () => {
    const broken = new Hono<AppEnv>().use(observe, harden).get('/broken/:id', () => {
      throw new TypeError(`of ${'a long story '.repeat(50)}`)
    })
    broken.onError(answerError)
    const answer = await broken.request('/broken/1', {}, OWN)
    expect(answer.status).toBe(500)
    expect(await answer.json()).toMatchObject({ code: 'internal_error' })
    const line = only('error')
    expect(line).toMatchObject({ route: '/broken/:id', status: 500, code: 'internal_error' })
    expect(line.reason).toHaveLength('TypeError: '.length + 200)
  })

  it('whose answer is a stream is told when it begins, and the stream goes on', async () => {
    let write = () => Promise.resolve()
    const streaming = new Hono<AppEnv>().use(observe, harden).get('/stream', (c) => {
      const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
      const writer = writable.getWriter()
      write = async () => {
        await writer.write(new TextEncoder().encode('late'))
        await writer.close()
      }
      return c.body(readable)
    })
    const answer = await streaming.request('/stream', {}, own({ SERVER_TIMING: 'on' }))
    expect(answer.headers.get('Server-Timing')).toMatch(/^total;dur=\d+$/)
    expect(only('info')).toMatchObject({ route: '/stream', status: 200 })
    const [text] = await Promise.all([answer.text(), write()])
    expect(text).toBe('late')
  })
})

describe('REQUEST_LOG', () => {
  const statuses = async (REQUEST_LOG: string) => {
    said = []
    const settings = own({ REQUEST_LOG })
    await callIn(settings, 'GET', '/login')
    await callIn(settings, 'GET', '/nothing')
    await callIn(own({ REQUEST_LOG, PREFILTER_REFRESH: limiter(false) }), 'POST', '/user/login', {
      json: { email: 'a@example.com', password: PASSWORD },
      headers: { 'CF-Connecting-IP': freshAddress() },
    })
    await callIn(own({ REQUEST_LOG, DB: brokenDatabase(lost) }), 'GET', '/ready')
    return lines().map(([, { status }]) => status)
  }

  it.each([
    ['all', [200, 404, 429, 503]],
    ['', [200, 404, 429, 503]],
    ['errors', [429, 503]],
    ['off', [503]],
  ])('%j leaves lines for %j', async (setting, expected) => {
    expect(await statuses(setting)).toEqual(expected)
  })

  it('"off" does not count what D1 did, and says so', async () => {
    await callIn(own({ REQUEST_LOG: 'off', DB: brokenDatabase(lost) }), 'GET', '/ready')
    expect(lines()[0]![1]).toMatchObject({ status: 503, ms: number, d1: null, d1_ms: null })
  })

  it('is named where it is wrong, and so is SERVER_TIMING; the refusal itself is logged', async () => {
    for (const [name, code] of [
      ['REQUEST_LOG', 'not_all_errors_or_off'],
      ['SERVER_TIMING', 'not_on_or_off'],
    ] as const) {
      said = []
      const answer = await callIn(own({ [name]: 'yes' }), 'GET', '/user/me')
      const problem = await expectProblem(answer, 503, 'not_ready')
      expect(problem.errors).toEqual([{ field: name, code }])
      expect(only('error')).toMatchObject({ status: 503, code: 'not_ready', errors: [{ field: name, code }] })
      expect(answer.headers.get('Server-Timing')).toBeNull()
    }
  })
})

describe('Server-Timing', () => {
  it('is not there unless it is asked for', async () => {
    const user = await member()
    expect((await callIn(OWN, 'GET', '/user/me', bearer(user.token))).headers.get('Server-Timing')).toBeNull()
  })

  it('says what the answer spent where, on refusals too', async () => {
    const [settings, user] = [own({ SERVER_TIMING: 'on' }), await member()]
    const of = async (...[method, path, init]: [string, string, object?]) =>
      (await callIn(settings, method, path, init)).headers.get('Server-Timing')
    expect(await of('GET', '/user/me', bearer(user.token))).toMatch(/^total;dur=\d+, d1;dur=\d+;desc="2 calls"$/)
    const json = { email: user.email, password: 'wrong' }
    expect(await of('POST', '/user/login', { json })).toMatch(
      /^total;dur=\d+, d1;dur=\d+;desc="1 calls", doorkeeper;dur=\d+;desc="1 calls"$/,
    )
    expect(await of('GET', '/nothing')).toMatch(/^total;dur=\d+$/)
    expect(await of('GET', '/brand.css')).toMatch(/^total;dur=\d+$/)
  })
})

describe('METRICS', () => {
  const bound = () => {
    const points: AnalyticsEngineDataPoint[] = []
    const writeDataPoint = (point?: AnalyticsEngineDataPoint) => void points.push(point!)
    return { points, settings: own({ METRICS: { writeDataPoint }, REQUEST_LOG: 'off' }) }
  }

  it('takes a data point for each request, and nothing in it is of a person', async () => {
    const [user, { points, settings }] = [await member(), bound()]
    await callIn(settings, 'GET', '/user/me', { ...bearer(user.token), cf: { country: 'KR' } } as RequestInit)
    await callIn(settings, 'GET', '/user/me')
    await callIn(settings, 'GET', '/user/me/someone@example.com?a=b')
    await callIn(settings, 'GET', '/health')
    expect(points).toEqual([
      { indexes: ['/user/me'], blobs: ['/user/me', 'GET', '200', '', 'KR'], doubles: [1, number, 2] },
      { indexes: ['/user/me'], blobs: ['/user/me', 'GET', '401', 'login_required', ''], doubles: [1, number, 0] },
      { indexes: ['unmatched'], blobs: ['unmatched', 'GET', '404', 'not_found', ''], doubles: [1, number, 0] },
    ])
    expect(lines()).toEqual([])
  })

  it('that fails fails no request', async () => {
    const writeDataPoint = () => {
      throw new Error('the dataset is full')
    }
    const answer = await callIn(own({ METRICS: { writeDataPoint }, REQUEST_LOG: 'off' }), 'GET', '/login')
    expect(answer.status).toBe(200)
    const failure = { level: 'error', code: 'metrics_not_written', reason: 'Error: the dataset is full' }
    expect(lines()).toEqual([['error', failure]])
  })
})

describe('nothing of a person', () => {
  const routes = app.routes.filter(({ method }) => method !== METHOD_NAME_ALL)

  it.each([...new Set(routes.map(({ method, path }) => `${method} ${path}`))])(
    'is in the lines of %s',
    async (route) => {
      const user = await member({ hashed_password: null })
      await env.DB.prepare(`UPDATE users SET roles = '["admin"]' WHERE id = ?`).bind(user.id).run()
      const [method, pattern] = route.split(' ') as [string, string]
      const path = `${pattern.replaceAll(/:\w+/g, 'Canary-In-Path')}?token=canary-in-query&email=canary@example.com`
      const json = {
        email: 'canary@example.com',
        password: 'canary as a password',
        current_password: 'canary as a password',
        new_password: 'canary as another password',
        token: 'canary'.padEnd(43, '-'),
        refresh_token: user.refresh_token,
        device_token: 'canary',
      }
      const headers = {
        'CF-Connecting-IP': freshAddress(),
        'User-Agent': 'canary\t"}{',
        'Accept-Language': 'canary',
        Cookie: 'canary=canary; __Host-latchkey=canary',
        Referer: `https://canary.example/?${user.token}`,
      }
      const form = { body: new URLSearchParams(json), headers: { ...headers, 'Sec-Fetch-Site': 'same-origin' } }
      const credentials = [{}, { Authorization: `Bearer ${user.token}` }, { Authorization: 'canary' }]
      for (const DB of [env.DB, brokenDatabase(lost)]) {
        for (const credential of credentials) {
          if (method === 'GET') await callIn(own({ DB }), method, path, { headers: { ...headers, ...credential } })
          else {
            await callIn(own({ DB }), method, path, { json, headers: { ...headers, ...credential } })
            await callIn(own({ DB }), method, path, form)
            await callIn(own({ DB }), method, path, { body: 'canary', headers })
          }
        }
      }
      const text = JSON.stringify(lines())
      if (pattern !== '/health') expect(lines().length).toBeGreaterThanOrEqual(6)
      expect(text).not.toMatch(/canary|example\.com|eyJ|lk[rd]_|2001:db8|token=|\$2b\$|\bat \w+ \(/i)
      for (const secret of [user.token, user.refresh_token, user.sid, user.email]) expect(text).not.toContain(secret)
    },
  )
})
