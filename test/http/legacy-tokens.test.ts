import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { endSessionsOf } from '../../src/features/admin/end-sessions.ts'
import {
  call,
  callBy,
  callWith,
  expectProblem,
  forge,
  freshDatabase,
  insertUser,
  login,
  now,
  ORIGIN,
  run,
  watchedIsolate,
} from '../support.ts'

freshDatabase()

const DAY = 86_400
const iso = (seconds: number) => new Date(seconds * 1000).toISOString().replace('.000Z', 'Z')
const migrating = (settings: Record<string, string> = {}) =>
  watchedIsolate({ LEGACY_TOKENS_UNTIL: iso(now() + DAY), ...settings })

/** As PyJWT writes it for the Flask tutorial. */
const flaskToken = (user_id: unknown, more: Record<string, unknown> = {}) =>
  forge({ header: { alg: 'HS256', typ: 'JWT' }, payload: { user_id, exp: now() + DAY, ...more } })

type Place = ReturnType<typeof watchedIsolate>
const ask = (place: Place, token: string, path = '/action', method = 'POST') =>
  callWith(place.env, ORIGIN + path, { method, headers: { Authorization: token } })

describe('a token that the old application signed', () => {
  it('is refused unless a migration is said to be running', async () => {
    const { id } = await insertUser()
    await expectProblem(
      await call('POST', '/action', { headers: { Authorization: await flaskToken(id) } }),
      401,
      'invalid_token',
    )
    const over = migrating({ LEGACY_TOKENS_UNTIL: iso(now() - 1) })
    await expectProblem(await ask(over, await flaskToken(id)), 401, 'invalid_token')
    expect(over.calls).toEqual([])
  })

  it.each([
    ['with milliseconds', new Date((now() + DAY) * 1000).toISOString()],
    ['of another zone', new Date((now() + DAY) * 1000).toISOString().replace('.000Z', '+09:00')],
    ['of a date', new Date((now() + 2 * DAY) * 1000).toISOString().slice(0, 10)],
  ])('is taken until a time %s', async (_name, until) => {
    const { id } = await insertUser()
    expect((await ask(migrating({ LEGACY_TOKENS_UNTIL: until }), await flaskToken(id))).status).toBe(200)
  })

  it('opens what a login opens, bare or as a bearer, at the price of one read', async () => {
    const { id } = await insertUser()
    const place = migrating()
    const answer = await ask(place, await flaskToken(id))
    expect(answer.status).toBe(200)
    expect(await answer.json()).toMatchObject({ user_id: id })
    expect(place.calls).toHaveLength(1)
    expect((await ask(place, `Bearer ${await flaskToken(id)}`)).status).toBe(200)
    expect((await ask(place, await flaskToken(id, { exp: now() + 60.5 }))).status).toBe(200)
  })

  it.each([
    ['/user/me', 'GET'],
    ['/user/me/export', 'GET'],
    ['/user/sessions', 'GET'],
    ['/user/devices', 'GET'],
    ['/user/reauth', 'POST'],
    ['/user/logout/everywhere', 'POST'],
    ['/user/password', 'POST'],
    ['/user/email', 'POST'],
    ['/user/me', 'DELETE'],
    ['/admin/users/1/unlock', 'POST'],
  ])('never opens what asks for a session: %s %s', async (path, method) => {
    const { id } = await insertUser()
    await expectProblem(await ask(migrating(), await flaskToken(id), path, method), 401, 'invalid_token')
  })

  it.each([
    ['an expired one', () => ({ exp: now() - 1 })],
    ['one that expires now', () => ({ exp: now() })],
    ['one with a session of its own', () => ({ sid: 'legacy' })],
    ['one with a role', () => ({ roles: ['admin'] })],
    ['one without an end', () => ({ exp: undefined })],
    ['one with an end in words', () => ({ exp: String(now() + DAY) })],
    ['one for nobody', () => ({ user_id: 0 })],
    ['one for a number in words', () => ({ user_id: '1' })],
    ['one for a fraction', () => ({ user_id: 1.5 })],
    ['one for a user who is not there', () => ({ user_id: 9_999_999 })],
  ])('is refused: %s', async (_name, more) => {
    const { id } = await insertUser()
    await expectProblem(await ask(migrating(), await flaskToken(id, more())), 401, 'invalid_token')
  })

  it('is refused when another key signed it', async () => {
    const { id } = await insertUser()
    const secret = 'another key, as long as the one that is right'
    const token = await forge({ payload: { user_id: id, exp: now() + DAY }, secret })
    await expectProblem(await ask(migrating(), token), 401, 'invalid_token')
  })

  it('dies with the account, with its disabling, and with a password that is set here', async () => {
    const change = async (statement: string) => {
      const { id } = await insertUser()
      const [place, token] = [migrating(), await flaskToken(id)]
      expect((await ask(place, token)).status).toBe(200)
      await env.DB.prepare(statement).bind(id).run()
      await expectProblem(await ask(place, token), 401, 'invalid_token')
    }
    await change('DELETE FROM users WHERE id = ?')
    await change('UPDATE users SET disabled_at = unixepoch() WHERE id = ?')
    await change('UPDATE users SET password_set_at = unixepoch() WHERE id = ?')
  })

  it('is not taken for somebody who registered here under a number that the old application gave out too', async () => {
    const { id } = await insertUser({ password_set_at: now() })
    await expectProblem(await ask(migrating(), await flaskToken(id)), 401, 'invalid_token')
  })

  it('survives the login of its owner, and is refused while the database does not answer', async () => {
    const { id, email } = await insertUser()
    expect((await login(email)).status).toBe(200)
    const place = migrating()
    expect((await ask(place, await flaskToken(id))).status).toBe(200)
    place.before = () => Promise.reject(new Error('D1 is away'))
    await expectProblem(await ask(place, await flaskToken(id)), 503, 'unavailable')
  })

  it('is worth nothing after its logout, like all others of its kind that this user has', async () => {
    const [{ id }, other] = [await insertUser(), await insertUser()]
    const [here, there] = [await flaskToken(id, { exp: now() + 600 }), await flaskToken(id, { exp: now() + 700 })]
    expect((await ask(migrating(), here, '/user/logout')).status).toBe(204)
    expect((await ask(migrating(), here, '/user/logout')).status).toBe(204)
    for (const token of [here, there]) await expectProblem(await ask(migrating(), token), 401, 'invalid_token')
    expect((await ask(migrating(), await flaskToken(other.id))).status).toBe(200)
    const rows = await env.DB.prepare('SELECT event, session_id FROM audit_events WHERE user_id = ?').bind(id).all()
    expect(rows.results).toEqual([{ event: 'logged_out', session_id: 'legacy' }])
  })

  it.each([
    ['an administrator ends all sessions', (id: number) => endSessionsOf(callBy(), id)],
    ['the address changes', (id: number) => run(`UPDATE users SET email = 'moved' || id WHERE id = ?`, id)],
    ['the account was disabled once', (id: number) => run('UPDATE users SET disabled_at = 1 WHERE id = ?', id)],
  ])('is worth nothing when %s', async (_when, end) => {
    const { id } = await insertUser()
    expect((await ask(migrating(), await flaskToken(id))).status).toBe(200)
    await end(id)
    await run('UPDATE users SET disabled_at = NULL WHERE id = ?', id)
    await expectProblem(await ask(migrating(), await flaskToken(id)), 401, 'invalid_token')
  })
})
