import { createExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { app } from '../src/app.ts'
import { config, warnings } from '../src/config.ts'
import {
  callIn,
  clock,
  expectProblem,
  freshAddress,
  freshDatabase,
  insertUser,
  limiter,
  lost,
  PASSWORD,
  watchedIsolate,
} from './support.ts'

freshDatabase()

/** The app in an environment of its own. */
const callWith = async (settings: Record<string, unknown>, method: string, path: string, init: RequestInit = {}) =>
  app.request(`http://latchkey.test${path}`, { method, ...init }, { ...env, ...settings }, createExecutionContext())

const json = (value: unknown) => ({ headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(value) })

describe('configuration', () => {
  it.each([
    ['JWT_SECRET_KEY', undefined, 'missing'],
    ['JWT_SECRET_KEY', '', 'missing'],
    ['JWT_SECRET_KEY', 'secret', 'too_short'],
    ['JWT_SECRET_KEY', 'x'.repeat(31), 'too_short'],
    ['JWT_SECRET_KEY', 'replace-me-with-32-random-bytes-or-more', 'well_known'],
    ['JWT_SECRET_KEY_PREVIOUS', 'short', 'too_short'],
    ['LATCHKEY_SECRET', 'short', 'too_short'],
    ['LATCHKEY_SECRET', 'a-string-secret-at-least-256-bits-long', 'well_known'],
    ['TRUSTED_BACKENDS', 'shop:short', 'too_short'],
    ['TRUSTED_BACKENDS', 'only-a-secret-of-thirty-two-bytes-or-more', 'malformed'],
    ['TRUSTED_BACKENDS', `shop:${'x'.repeat(32)} shop`, 'malformed'],
    ['TURNSTILE_HOSTNAMES', 'https://shop.example', 'malformed'],
    ['BCRYPT_COST', '9', 'too_small'],
    ['BCRYPT_COST', '99', 'too_large'],
    ['BCRYPT_COST', 'twelve', 'not_a_number'],
    ['BCRYPT_COST', '1e1', 'not_a_number'],
    ['ACCESS_TOKEN_TTL_SECONDS', '0', 'too_small'],
    ['LEGACY_TOKENS_UNTIL', 'tomorrow', 'not_a_time'],
    ['LEGACY_TOKENS_UNTIL', '2026-13-01', 'not_a_time'],
    ['LEGACY_TOKENS_UNTIL', '1700000000', 'not_a_time'],
    ['ALLOWED_ORIGINS', '*', 'not_an_origin'],
    ['ALLOWED_ORIGINS', 'https://app.example/', 'not_an_origin'],
  ])('%s = %s stops every route but /health, and names what is wrong, not its value', async (name, value, code) => {
    const settings = { [name]: value }
    const weak = ['too_short', 'well_known'] // of a secret: nothing for strangers
    const told = vi.spyOn(console, 'error').mockReturnValue()
    onTestFinished(() => told.mockRestore())
    expect((await callWith(settings, 'GET', '/health')).status).toBe(200)
    const requests = [
      callWith(settings, 'GET', '/ready'),
      callWith(settings, 'POST', '/user/login', json({ email: 'a@example.com', password: 'b' })),
      callWith(settings, 'POST', '/action'),
      callWith(settings, 'GET', '/user/me'),
      callWith(settings, 'GET', '/login'),
    ]
    for (const answer of await Promise.all(requests)) {
      const problem = await expectProblem(answer, 503, 'not_ready')
      expect(problem.errors).toEqual([{ field: name, code: weak.includes(code) ? 'invalid' : code }])
    }
    expect(told.mock.calls.flat().join('\n')).toContain(JSON.stringify([{ field: name, code }])) // the log says why
  })

  it('accepts a secret of 32 bytes, however few characters they are', async () => {
    expect((await callWith({ JWT_SECRET_KEY: '열쇠'.repeat(6) }, 'GET', '/ready')).status).toBe(200)
  })

  it('is ready with one secret, and tells strangers nothing of that', async () => {
    const ready = { status: 'ready', warnings: [] }
    for (const LATCHKEY_SECRET of [undefined, env.JWT_SECRET_KEY, env.LATCHKEY_SECRET]) {
      const answer = await callWith({ LATCHKEY_SECRET }, 'GET', '/ready')
      expect([answer.status, await answer.json()]).toEqual([200, ready])
    }
    const mail = await callWith({ MAIL_FROM: 'latchkey@example.com' }, 'GET', '/ready')
    expect(await mail.json()).toEqual({ ...ready, warnings: [{ field: 'MAIL_FROM', code: 'an_example' }] })
    expect(warnings(config({ ...env, LATCHKEY_SECRET: undefined }))).toEqual([
      { field: 'LATCHKEY_SECRET', code: 'derived_from_jwt_secret_key' },
    ])
    expect(warnings(config({ ...env, LATCHKEY_SECRET: env.JWT_SECRET_KEY }))).toEqual([
      { field: 'LATCHKEY_SECRET', code: 'same_as_jwt_secret_key' },
    ])
  })

  it('asks the database once in five seconds whether it is ready, however many ask at once', async () => {
    const isolate = watchedIsolate()
    isolate.before = () => scheduler.wait(50)
    const ready = () => callIn(isolate.env, 'GET', '/ready')
    for (const calls of [1, 2]) {
      const answers = await Promise.all(Array.from({ length: 20 }, ready))
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
      expect(isolate.calls).toHaveLength(calls)
      clock.forward(4)
      await ready()
      expect(isolate.calls).toHaveLength(calls)
      clock.forward(2)
    }
    isolate.before = () => lost()
    expect((await ready()).status).toBe(503)
    expect((await ready()).status).toBe(503)
    isolate.before = () => {}
    clock.forward(6)
    expect((await ready()).status).toBe(200)
    expect(isolate.calls).toHaveLength(4)
  })

  it('has a limit for one network that asks whether it is ready', async () => {
    const own = { ...env, PREFILTER_REFRESH: limiter(false) }
    const answer = await callIn(own, 'GET', '/ready', { headers: { 'CF-Connecting-IP': freshAddress() } })
    await expectProblem(answer, 429, 'too_many_attempts')
  })

  it('is not ready without its tables, or without its database', async () => {
    const noTables = await callWith({ DB: env.SCHEMA_DB }, 'GET', '/ready')
    expect((await expectProblem(noTables, 503, 'not_ready')).errors).toEqual([
      { field: 'DB', code: 'migrations_missing' },
    ])
    const broken = { prepare: () => ({ first: () => Promise.reject(new Error('D1_ERROR: Network connection lost.')) }) }
    const unreachable = await callWith({ DB: broken }, 'GET', '/ready')
    expect((await expectProblem(unreachable, 503, 'not_ready')).errors).toEqual([{ field: 'DB', code: 'unreachable' }])
  })

  it('gives 503 and no token when the database fails at any call of a login', async () => {
    const { email } = await insertUser()
    const before = await env.DB.prepare('SELECT count(*) AS n FROM sessions').first('n')
    for (const method of ['batch'] as const) {
      const answer = await callWith({ DB: failing(method) }, 'POST', '/user/login', json({ email, password: PASSWORD }))
      await expectProblem(answer, 503, 'unavailable')
      expect(answer.headers.get('Retry-After')).toBe('2')
    }
    expect(await env.DB.prepare('SELECT count(*) AS n FROM sessions').first('n')).toBe(before)
  })

  it('signs with the current key and still takes the previous one', async () => {
    const { email } = await insertUser()
    const next = 'the key after the rotation, 32 bytes or more'
    const loginWith = async (settings: Record<string, unknown>) => {
      const answer = await callWith(settings, 'POST', '/user/login', json({ email, password: PASSWORD }))
      return ((await answer.json()) as { access_token: string }).access_token
    }
    const me = async (settings: Record<string, unknown>, token: string) =>
      (await callWith(settings, 'GET', '/user/me', { headers: { Authorization: token } })).status
    const rotated = { JWT_SECRET_KEY: next, JWT_SECRET_KEY_PREVIOUS: env.JWT_SECRET_KEY }
    const [old, fresh] = [await loginWith({}), await loginWith(rotated)]
    expect(await me(rotated, old)).toBe(200)
    expect(await me(rotated, fresh)).toBe(200)
    expect(await me({ JWT_SECRET_KEY: next }, fresh)).toBe(200)
    expect(await me({ JWT_SECRET_KEY: next }, old)).toBe(401)
    expect(await me({}, fresh)).toBe(401)
  })

  it('puts an audience into tokens, and asks for it, only where one is set', async () => {
    const { email } = await insertUser()
    const settings = { JWT_AUDIENCE: 'api' }
    const answer = await callWith(settings, 'POST', '/user/login', json({ email, password: PASSWORD }))
    const { access_token } = (await answer.json()) as { access_token: string }
    const me = (own: Record<string, unknown>) =>
      callWith(own, 'GET', '/user/me', { headers: { Authorization: access_token } })
    expect((await me(settings)).status).toBe(200)
    expect((await me({})).status).toBe(401)
    expect((await me({ JWT_AUDIENCE: 'other' })).status).toBe(401)
  })

  it('obeys the lifetime that is set', async () => {
    const { email } = await insertUser()
    const answer = await callWith(
      { ACCESS_TOKEN_TTL_SECONDS: '900' },
      'POST',
      '/user/login',
      json({ email, password: PASSWORD }),
    )
    expect(await answer.json()).toMatchObject({ expires_in: 900 })
  })
})

/** The real database, but one of its methods fails before it does anything. */
function failing(method: 'first' | 'batch'): D1Database {
  const fail = () => Promise.reject(new Error('D1_ERROR: Network connection lost.'))
  const trap = <T extends object>(target: T): T =>
    new Proxy(target, {
      get(object, name) {
        if (name === method) return fail
        const value: unknown = Reflect.get(object, name)
        if (typeof value !== 'function') return value
        return (...args: unknown[]) => {
          const result: unknown = value.apply(object, args)
          return name === 'prepare' || name === 'bind' ? trap(result as object) : result
        }
      },
    })
  return trap(env.DB)
}
