import { createExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { app } from '../src/app.ts'
import { expectProblem, freshDatabase, insertUser, PASSWORD } from './support.ts'

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
      expect(problem.errors).toEqual([{ field: name, code }])
    }
  })

  it('accepts a secret of 32 bytes, however few characters they are', async () => {
    expect((await callWith({ JWT_SECRET_KEY: '열쇠'.repeat(6) }, 'GET', '/ready')).status).toBe(200)
  })

  it('is ready with one secret, and says that two are better', async () => {
    const answer = await callWith({ LATCHKEY_SECRET: undefined }, 'GET', '/ready')
    expect(answer.status).toBe(200)
    const warning = { field: 'LATCHKEY_SECRET', code: 'derived_from_jwt_secret_key' }
    expect(await answer.json()).toEqual({ status: 'ready', warnings: [warning] })
    const same = await callWith({ LATCHKEY_SECRET: env.JWT_SECRET_KEY }, 'GET', '/ready')
    expect(await same.json()).toMatchObject({ warnings: [{ code: 'same_as_jwt_secret_key' }] })
    expect(await (await callWith({}, 'GET', '/ready')).json()).toEqual({ status: 'ready', warnings: [] })
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
