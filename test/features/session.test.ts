import { createExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import bcrypt from 'bcryptjs'
import { Hono } from 'hono'
import { describe, expect, it, vi } from 'vitest'
import { registry } from '../../src/app.ts'
import { IAT_BACK_SECONDS } from '../../src/core/tokens/tokens.ts'
import { answerError } from '../../src/http/answer.ts'
import type { AppEnv } from '../../src/http/app-env.ts'
import { freshLogin, loginRequired, offline, strictLogin } from '../../src/http/guard.ts'
import { harden } from '../../src/http/headers.ts'
import { carry } from '../../src/http/registry.ts'
import { randomId } from '../../src/lib/bytes.ts'
import {
  bearer,
  call,
  callIn,
  claimsOf,
  clock,
  ENV,
  expectProblem,
  forge,
  freshDatabase,
  insertUser,
  type Isolate,
  now,
  PASSWORD,
  watchedIsolate,
} from '../support.ts'

freshDatabase()

type Tokens = { access_token: string; token_type: string; expires_in: number; refresh_token: string }
type Someone = { id: number; email: string; token: string; refresh_token: string; sid: string }

async function tokensOf(email: string, init: RequestInit = {}, own = ENV): Promise<Tokens> {
  const answer = await callIn(own, 'POST', '/user/login', { ...init, json: { email, password: PASSWORD } })
  expect(answer.status).toBe(200)
  return answer.json<Tokens>()
}

async function signInAgain(user: { id: number; email: string }, init: RequestInit = {}): Promise<Someone> {
  const { access_token: token, refresh_token } = await tokensOf(user.email, init)
  return { ...user, token, refresh_token, sid: claimsOf(token).sid as string }
}

const signIn = async (init: RequestInit = {}) => signInAgain(await insertUser(), init)

const action = async (token: string, own = ENV) => (await callIn(own, 'POST', '/action', bearer(token))).status

const refreshing = async ({ refresh_token }: { refresh_token: string }, own = ENV) =>
  (await callIn(own, 'POST', '/user/refresh', { json: { refresh_token } })).status

const end = async (someone: { token: string }, sid: string, own = ENV) =>
  callIn(own, 'DELETE', `/user/sessions/${sid}`, bearer(someone.token))

const rowOf = (sid: string) => env.DB.prepare('SELECT * FROM sessions WHERE id = ?').bind(sid).first()

const eventsOf = async (user_id: number) => {
  const query = 'SELECT event, reason, session_id FROM audit_events WHERE user_id = ? ORDER BY id'
  const { results } = await env.DB.prepare(query).bind(user_id).all<{ event: string; session_id: string | null }>()
  return results
}

async function refused(answer: Response): Promise<void> {
  await expectProblem(answer, 401, 'invalid_token')
  expect(answer.headers.get('WWW-Authenticate')).toBe('Bearer realm="latchkey", error="invalid_token"')
}

describe('a session that is ended', () => {
  it.each<[string, (victim: Someone, other: Someone) => Promise<Response>]>([
    ['by logout', (victim) => call('POST', '/user/logout', bearer(victim.token))],
    ['by logout everywhere', (_, other) => call('POST', '/user/logout/everywhere', bearer(other.token))],
    ['from another device', (victim, other) => end(other, victim.sid)],
  ])(
    '%s: is refused at once here and where the database is asked, and within five seconds elsewhere',
    async (_name, how) => {
      const victim = await signIn()
      const other = await signInAgain(victim)
      const bystander = await signIn()
      const elsewhere = watchedIsolate()
      expect(await action(victim.token)).toBe(200)
      expect(await action(victim.token, elsewhere.env)).toBe(200)

      const answer = await how(victim, other)
      expect({ status: answer.status, body: await answer.text() }).toEqual({ status: 204, body: '' })

      await refused(await call('POST', '/action', bearer(victim.token)))
      await refused(await call('GET', '/user/me', bearer(victim.token)))
      await refused(await end(victim, 'x', elsewhere.env))
      await refused(await callIn(elsewhere.env, 'GET', '/user/me/export', bearer(victim.token)))
      expect(await refreshing(victim, elsewhere.env)).toBe(401)
      expect(await action(victim.token, elsewhere.env)).toBe(200) // as it was known up to five seconds ago
      clock.set(5.001)
      expect(await action(victim.token, elsewhere.env)).toBe(401)
      expect(await action(victim.token, watchedIsolate().env)).toBe(401)
      expect(await action(bystander.token)).toBe(200)
      expect(await refreshing(bystander)).toBe(200)
    },
  )
})

describe('POST /user/logout', () => {
  it('ends this session alone, and is written down once, however often it is asked for', async () => {
    const one = await signIn()
    const two = await signInAgain(one)
    const answers = await Promise.all(Array.from({ length: 20 }, () => call('POST', '/user/logout', bearer(one.token))))
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 204))
    expect((await call('POST', '/user/logout', bearer(one.token))).status).toBe(204)
    expect(await action(two.token)).toBe(200)
    expect((await eventsOf(one.id)).slice(2)).toEqual([{ event: 'logged_out', reason: null, session_id: one.sid }])
    const query = 'SELECT until FROM revocations WHERE session_id = ?'
    const { results } = await env.DB.prepare(query).bind(one.sid).all<{ until: number }>()
    expect(results).toHaveLength(1)
    expect(results[0]!.until).toBeGreaterThanOrEqual(claimsOf(one.token).exp as number)
  })

  it('is for those who were signed in', async () => {
    const { token } = await signIn()
    await expectProblem(await call('POST', '/user/logout'), 401, 'login_required')
    await refused(await call('POST', '/user/logout', bearer(`${token.slice(0, -4)}AAAA`)))
    clock.set(86_400)
    await refused(await call('POST', '/user/logout', bearer(token)))
  })

  it('does not end a session that a token of somebody else speaks of', async () => {
    const [one, two] = [await signIn(), await signIn()]
    const mixed = await forge({ payload: { ...claimsOf(one.token), sid: two.sid } })
    expect((await call('POST', '/user/logout', bearer(mixed))).status).toBe(204)
    expect(await action(two.token)).toBe(200)
    expect(await rowOf(two.sid)).toMatchObject({ revoked_at: null })
    expect(await eventsOf(one.id)).toHaveLength(1)
  })

  it('is 503 while D1 fails, and the session lives on', async () => {
    const { token, sid } = await signIn()
    const isolate = watchedIsolate()
    isolate.before = () => Promise.reject(new Error('D1_ERROR: Network connection lost.'))
    await expectProblem(await callIn(isolate.env, 'POST', '/user/logout', bearer(token)), 503, 'unavailable')
    expect(await rowOf(sid)).toMatchObject({ revoked_at: null })
  })
})

describe('POST /user/logout/everywhere', () => {
  it('ends all sessions of the account, this one too, and nobody else’s', async () => {
    const one = await signIn()
    const others = [await signInAgain(one), await signInAgain(one)]
    const bystander = await signIn()
    expect((await call('POST', '/user/logout/everywhere', bearer(one.token))).status).toBe(204)
    for (const { token, refresh_token } of [one, ...others]) {
      expect(await action(token)).toBe(401)
      expect(await refreshing({ refresh_token })).toBe(401)
    }
    expect(await action(bystander.token)).toBe(200)
    const query = 'SELECT count(*) AS n FROM sessions WHERE user_id = ? AND revoked_at IS NULL'
    expect(await env.DB.prepare(query).bind(one.id).first('n')).toBe(0)
    expect((await eventsOf(one.id)).at(-1)).toEqual({
      event: 'logged_out_everywhere',
      reason: null,
      session_id: one.sid,
    })
    await refused(await call('POST', '/user/logout/everywhere', bearer(one.token)))
    expect(await action((await signInAgain(one)).token)).toBe(200) // a new login is a new session
  })
})

describe('GET /user/sessions', () => {
  const listOf = async (token: string, own = ENV) => {
    const answer = await callIn(own, 'GET', '/user/sessions', bearer(token))
    expect(answer.status).toBe(200)
    return (await answer.json<{ sessions: Record<string, unknown>[] }>()).sessions
  }

  it('shows where and when, which one this is, and nothing that only the service needs', async () => {
    const phone = await signIn({
      headers: { 'User-Agent': 'Phone', 'CF-Connecting-IP': '192.0.2.10' },
      cf: { country: 'KR' },
    })
    const started = now()
    clock.set(100)
    const laptop = await signInAgain(phone, { headers: { 'User-Agent': 'Laptop', 'CF-Connecting-IP': '2001:db8::1' } })
    await signIn()
    clock.set(200)
    expect(await refreshing(phone)).toBe(200)
    const rows = [
      {
        id: laptop.sid,
        created_at: started + 100,
        refreshed_at: started + 100,
        user_agent: 'Laptop',
        ip: '2001:db8::1',
        country: null,
        client_id: null,
        client: null,
        current: false,
      },
      {
        id: phone.sid,
        created_at: started,
        refreshed_at: started + 200,
        user_agent: 'Phone',
        ip: '192.0.2.10',
        country: 'KR',
        client_id: null,
        client: null,
        current: true,
      },
    ]
    expect(await listOf(phone.token)).toEqual(rows)
    expect(await listOf(laptop.token)).toEqual(rows.map((row) => ({ ...row, current: !row.current })))
  })

  it('cuts an endless User-Agent, and believes no X-Forwarded-For', async () => {
    const headers = { 'User-Agent': 'x'.repeat(5_000), 'X-Forwarded-For': '198.51.100.7', 'X-Real-IP': '198.51.100.7' }
    const { token } = await signIn({ headers })
    expect(await listOf(token)).toMatchObject([{ user_agent: 'x'.repeat(256), ip: '127.0.0.1' }])
  })

  it('leaves out what is revoked, over, or was idle for too long', async () => {
    const short = await insertUser()
    await tokensOf(short.email, {}, { ...ENV, SESSION_TTL_SECONDS: '300' } as Env) // over by then
    const [revoked, idle] = [await signInAgain(short), await signInAgain(short)]
    await call('POST', '/user/logout', bearer(revoked.token))
    const own = { ...ENV, SESSION_IDLE_SECONDS: '3600' } as Env
    clock.set(3_000)
    const busy = await signInAgain(short)
    clock.set(3_601)
    expect(await listOf(busy.token, own)).toEqual([expect.objectContaining({ id: busy.sid, current: true })])
    const ids = (await listOf(busy.token)).map(({ id }) => id)
    expect(ids).toEqual([busy.sid, idle.sid])
  })

  it('is for those who are signed in', async () => {
    await expectProblem(await call('GET', '/user/sessions'), 401, 'login_required')
  })
})

describe('DELETE /user/sessions/:id', () => {
  it('ends another session of the account, and is written down', async () => {
    const one = await signIn()
    const two = await signInAgain(one)
    expect((await end(one, two.sid)).status).toBe(204)
    expect(await action(two.token)).toBe(401)
    expect(await action(one.token)).toBe(200)
    expect((await eventsOf(one.id)).at(-1)).toEqual({ event: 'session_revoked', reason: null, session_id: two.sid })
  })

  it('ends the session that asks, too', async () => {
    const one = await signIn()
    expect((await end(one, one.sid)).status).toBe(204)
    expect(await action(one.token)).toBe(401)
    await refused(await end(one, one.sid))
  })

  it('says the same of what is not there, has ended, or is somebody else’s, and does nothing', async () => {
    const [one, stranger] = [await signIn(), await signIn()]
    const ended = await signInAgain(one)
    const over = await tokensOf(one.email, {}, { ...ENV, SESSION_TTL_SECONDS: '60' } as Env)
    await end(one, ended.sid)
    clock.set(61)
    const before = await eventsOf(one.id)
    const ids = [
      stranger.sid,
      ended.sid,
      claimsOf(over.access_token).sid as string,
      randomId(),
      'x',
      '%00',
      '%F0%9F%94%91',
      '%25',
      `${one.sid}%20`,
      "x'%20OR%20'1'='1",
      'y'.repeat(5_000),
    ]
    for (const id of ids) await expectProblem(await end(one, id), 404, 'not_found')
    expect(await eventsOf(one.id)).toEqual(before)
    expect(await eventsOf(stranger.id)).toHaveLength(1)
    expect(await action(stranger.token)).toBe(200)
    expect(await action(one.token)).toBe(200)
    expect(await refreshing(stranger)).toBe(200)
  })

  it('of many at once ends it once', async () => {
    const one = await signIn()
    const two = await signInAgain(one)
    const answers = await Promise.all(Array.from({ length: 20 }, () => end(one, two.sid)))
    expect(answers.filter(({ status }) => status === 204)).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 404)).toHaveLength(19)
    expect((await eventsOf(one.id)).filter(({ event }) => event === 'session_revoked')).toHaveLength(1)
  })
})

describe('guards', () => {
  const app = new Hono<AppEnv>()
    .use(harden)
    .use(carry(registry))
    .get('/offline', offline, (c) => c.json(c.var.session))
    .get('/login', loginRequired, (c) => c.json(c.var.session))
    .get('/strict', strictLogin, (c) => c.json(c.var.session))
    .get('/fresh', freshLogin, (c) => c.json(c.var.session))
  app.onError(answerError)
  const PATHS = ['/offline', '/login', '/strict', '/fresh']

  const get = (path: string, token: string, isolate: Isolate = watchedIsolate()) =>
    Promise.resolve(app.request(path, bearer(token), isolate.env, createExecutionContext()))
  const statuses = async (token: string, isolate?: Isolate) =>
    (await Promise.all(PATHS.map((path) => get(path, token, isolate)))).map(({ status }) => status)

  it('let a live session pass, and say whose it is', async () => {
    const { id, sid, token } = await signIn()
    const { exp, auth_time } = claimsOf(token)
    for (const path of PATHS) {
      const session = await (await get(path, token)).json<object>()
      const live = { password_at: auth_time, second_at: 0, has_password: true, second_factor: false }
      const read = path === '/strict' || path === '/fresh' ? { live } : {}
      expect(session).toEqual({ id: sid, user_id: id, auth_time, expires_at: exp, roles: [], acr: 'aal1', ...read })
    }
  })

  it('offline asks nobody and passes the token of a session that has ended; the others do not', async () => {
    const { token } = await signIn()
    const [warm, asked] = [watchedIsolate(), watchedIsolate()]
    expect(await statuses(token, warm)).toEqual([200, 200, 200, 200])
    await call('POST', '/user/logout', bearer(token))
    expect(await statuses(token, warm)).toEqual([200, 200, 401, 401])
    clock.set(5.001)
    expect(await statuses(token, warm)).toEqual([200, 401, 401, 401])
    expect((await get('/offline', token, asked)).status).toBe(200)
    expect(asked.calls).toEqual([])
    for (const path of ['/strict', '/fresh', '/login']) await refused(await get(path, token, asked))
    expect(asked.calls).toHaveLength(3)
  })

  it('offline still asks for a good signature and an expiry ahead', async () => {
    const { token } = await signIn()
    const claims = claimsOf(token)
    const forged = await forge({ payload: claims, secret: 'another key that is long enough to be one' })
    expect((await get('/offline', await forge({ payload: claims }))).status).toBe(200)
    await refused(await get('/offline', forged))
    clock.set((claims.exp as number) - now())
    await refused(await get('/offline', token))
  })

  it.each<[string, string]>([
    ['the session is revoked', 'UPDATE sessions SET revoked_at = 1 WHERE user_id = ?'],
    ['the session is deleted', 'DELETE FROM sessions WHERE user_id = ?'],
    ['the session is over', 'UPDATE sessions SET expires_at = 1 WHERE user_id = ?'],
    ['the user is disabled', 'UPDATE users SET disabled_at = 1 WHERE id = ?'],
    ['the user is deleted', 'DELETE FROM users WHERE id = ?'],
  ])('strict and fresh see at once when %s', async (_name, sql) => {
    const { id, token } = await signIn()
    const isolate = watchedIsolate()
    expect(await statuses(token, isolate)).toEqual([200, 200, 200, 200])
    await env.DB.prepare(sql).bind(id).run()
    await refused(await get('/strict', token, isolate))
    await refused(await get('/fresh', token, isolate))
  })

  it('strict and fresh refuse a session of a disabled user, by whatever way it came about', async () => {
    const { token, sid } = await signIn()
    const { id } = await insertUser({ disabled_at: 1 })
    await env.DB.prepare('UPDATE sessions SET user_id = ? WHERE id = ?').bind(id, sid).run()
    const mixed = await forge({ payload: { ...claimsOf(token), user_id: id, sub: String(id) } })
    expect(await statuses(mixed)).toEqual([200, 200, 401, 401])
  })

  it('strict and fresh refuse a session of somebody else, however good the signature', async () => {
    const [one, two] = [await signIn(), await signIn()]
    const mixed = await forge({ payload: { ...claimsOf(one.token), sid: two.sid } })
    expect(await statuses(mixed)).toEqual([200, 200, 401, 401])
  })

  it('fail closed while D1 fails, but for the one that does not ask', async () => {
    const { token } = await signIn()
    const isolate = watchedIsolate()
    isolate.before = () => Promise.reject(new Error('D1_ERROR: Network connection lost.'))
    const log = vi.spyOn(console, 'error').mockImplementation(() => {})
    expect(await statuses(token, isolate)).toEqual([200, 503, 503, 503])
    log.mockRestore()
  })
})

describe('freshLogin and POST /user/reauth', () => {
  const exporting = (token: string) => call('GET', '/user/me/export', bearer(token))
  const reauth = (token: string, password = PASSWORD, own = ENV) =>
    callIn(own, 'POST', '/user/reauth', { json: { password }, ...bearer(token) })

  async function stale(answer: Response): Promise<void> {
    await expectProblem(answer, 401, 'fresh_login_required')
    expect(answer.headers.get('WWW-Authenticate')).toBe(
      'Bearer realm="latchkey", error="insufficient_user_authentication", max_age=600',
    )
  }

  it('a login is fresh for ten minutes, and a refresh makes it no fresher', async () => {
    const { token, refresh_token } = await signIn()
    clock.set(600)
    expect((await exporting(token)).status).toBe(200)
    clock.set(601)
    await stale(await exporting(token))
    const answer = await call('POST', '/user/refresh', { json: { refresh_token } })
    const { access_token } = await answer.json<Tokens>()
    await stale(await exporting(access_token))
    expect(await action(access_token)).toBe(200)
  })

  it('the password puts a fresh session in the place of the old one, whose tokens are worth nothing', async () => {
    const someone = await signIn()
    const { id, token, sid, refresh_token } = someone
    clock.set(700)
    const before = await rowOf(sid)
    const answer = await reauth(token)
    expect(answer.status).toBe(200)
    const tokens = await answer.json<Tokens>()
    expect(tokens).toEqual({
      access_token: expect.any(String),
      token_type: 'Bearer',
      expires_in: 86_400,
      refresh_token: expect.stringMatching(/^lkr_/),
    })
    const fresh = claimsOf(tokens.access_token).sid as string
    expect(fresh).not.toBe(sid)
    expect(claimsOf(tokens.access_token)).toEqual({
      ...claimsOf(token),
      sid: fresh,
      jti: expect.any(String),
      iat: now() - IAT_BACK_SECONDS,
      exp: now() + 86_400,
      auth_time: now(),
    })
    expect(await rowOf(fresh)).toEqual({
      ...before,
      id: fresh,
      auth_time: now(),
      shown: JSON.stringify({ password: now() }),
      refreshed_at: now(),
      tokens_until: now() + 86_400 + 30,
    })
    expect(await rowOf(sid)).toEqual({ ...before, revoked_at: now() })
    await expectProblem(await exporting(token), 401, 'invalid_token')
    expect(await action(token)).toBe(401)
    const stolen = await call('POST', '/user/refresh', { json: { refresh_token } })
    await expectProblem(stolen, 401, 'invalid_refresh_token')
    expect((await exporting(tokens.access_token)).status).toBe(200)
    expect((await eventsOf(id)).at(-1)).toEqual({ event: 'reauthenticated', reason: null, session_id: fresh })
    const renewed = await call('POST', '/user/refresh', { json: { refresh_token: tokens.refresh_token } })
    expect(claimsOf((await renewed.json<Tokens>()).access_token).auth_time).toBe(now())
    clock.set(700 + 601)
    await stale(await exporting(tokens.access_token))
  })

  it('does not make another session of the same user fresh', async () => {
    const one = await signIn()
    const two = await signInAgain(one)
    clock.set(601)
    expect((await reauth(one.token)).status).toBe(200)
    await stale(await exporting(two.token))
  })

  it('a wrong password changes nothing, and is written down', async () => {
    const { id, token, sid } = await signIn()
    const other = await insertUser({ hashed_password: await bcrypt.hash('the password of another', 10) })
    expect(other.id).not.toBe(id)
    clock.set(601)
    const before = await rowOf(sid)
    for (const wrong of ['wrong', `${PASSWORD} `, 'the password of another']) {
      await expectProblem(await reauth(token, wrong), 401, 'invalid_credentials')
    }
    expect(await rowOf(sid)).toEqual(before)
    await stale(await exporting(token))
    expect(await action(token)).toBe(200)
    const failure = { event: 'login_failed', reason: 'wrong_password', session_id: null }
    expect((await eventsOf(id)).slice(1)).toEqual([failure, failure, failure])
  })

  it('asks for a token and for a password', async () => {
    const { token } = await signIn()
    await expectProblem(await call('POST', '/user/reauth', { json: { password: PASSWORD } }), 401, 'login_required')
    await expectProblem(await call('POST', '/user/reauth', { json: {}, ...bearer(token) }), 422, 'invalid_body')
    await expectProblem(await call('POST', '/user/reauth', bearer(token)), 415, 'unsupported_media_type')
  })

  it('brings back no session that has ended where this isolate does not know it yet, and does not say that it did', async () => {
    const { id, token, sid } = await signIn()
    const elsewhere = watchedIsolate()
    expect(await action(token, elsewhere.env)).toBe(200)
    await call('POST', '/user/logout', bearer(token))
    const before = await rowOf(sid)
    await expectProblem(await reauth(token, PASSWORD, elsewhere.env), 401, 'invalid_token')
    expect(await rowOf(sid)).toEqual(before)
    expect((await eventsOf(id)).map(({ event }) => event)).toEqual(['login_succeeded', 'logged_out'])
  })

  it('brings back no session that was idle for too long', async () => {
    const { token, sid } = await signIn()
    const own = { ...ENV, SESSION_IDLE_SECONDS: '600' } as Env
    clock.set(601)
    const before = await rowOf(sid)
    await expectProblem(await reauth(token, PASSWORD, own), 401, 'invalid_token')
    expect(await rowOf(sid)).toEqual(before)
  })
})
