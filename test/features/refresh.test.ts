import { env } from 'cloudflare:workers'
import { describe, expect, it, vi } from 'vitest'
import { config } from '../../src/config.ts'
import { refreshToken } from '../../src/core/sessions/refresh-tokens.ts'
import { IAT_BACK_SECONDS } from '../../src/core/tokens/tokens.ts'
import { randomId } from '../../src/lib/bytes.ts'
import {
  bearer,
  call,
  callIn,
  claimsOf,
  clock,
  ENV,
  expectProblem,
  freshDatabase,
  insertUser,
  mails,
  MANY,
  now,
  PASSWORD,
  times,
  watchedIsolate,
} from '../support.ts'

freshDatabase()

type Tokens = { access_token: string; token_type: string; expires_in: number; refresh_token: string }

/** The tests' bindings with settings of their own: the same isolate, configured otherwise. */
const withSettings = (settings: Record<string, string | undefined>) => ({ ...ENV, ...settings }) as Env
const NO_GRACE = withSettings({ REFRESH_GRACE_SECONDS: '0' })

const tryRefresh = (refresh_token: unknown, own = ENV, headers: Record<string, string> = {}) =>
  callIn(own, 'POST', '/user/refresh', { json: { refresh_token }, headers })

async function refreshed(refresh_token: string, own = ENV): Promise<Tokens> {
  const answer = await tryRefresh(refresh_token, own)
  expect({ status: answer.status, cache: answer.headers.get('Cache-Control') }).toEqual({
    status: 200,
    cache: 'no-store',
  })
  return answer.json<Tokens>()
}

const refused = async (refresh_token: unknown, own = ENV) =>
  expectProblem(await tryRefresh(refresh_token, own), 401, 'invalid_refresh_token')

const action = async (token: string, own = ENV) => (await callIn(own, 'POST', '/action', bearer(token))).status

async function signIn(
  own = ENV,
  headers: Record<string, string> = {},
): Promise<Tokens & { id: number; email: string }> {
  const user = await insertUser()
  return { ...user, ...(await signInAgain(user.email, own, headers)) }
}

async function signInAgain(email: string, own = ENV, headers: Record<string, string> = {}): Promise<Tokens> {
  const answer = await callIn(own, 'POST', '/user/login', { json: { email, password: PASSWORD }, headers })
  expect(answer.status).toBe(200)
  return answer.json<Tokens>()
}

const rowOf = (session_id: unknown) =>
  env.DB.prepare('SELECT * FROM sessions WHERE id = ?').bind(session_id).first<Record<string, number | null>>()

const eventsOf = async (session_id: unknown) => {
  const query = 'SELECT event FROM audit_events WHERE session_id = ? ORDER BY id'
  return (await env.DB.prepare(query).bind(session_id).all<{ event: string }>()).results.map(({ event }) => event)
}

const mailsTo = (email: string) => mails.filter(({ to }) => to === email).map(({ subject }) => subject)
const REPLAYED = 'Latchkey: We signed a device out'

/** Sessions without logins, which would hash a password for each; and the refresh token of each. */
async function manySessions(count: number, generation: number, age: number) {
  const { id: user_id } = await insertUser()
  const insert = env.DB.prepare(
    `INSERT INTO sessions (id, user_id, created_at, auth_time, generation, refreshed_at, expires_at, tokens_until)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  const at = now() - age
  const ids = Array.from({ length: count }, () => randomId())
  await env.DB.batch(ids.map((id) => insert.bind(id, user_id, at, at, generation, at, at + 86_400, at + 86_400)))
  const settings = config(ENV)
  return Promise.all(
    ids.map(async (id) => ({ id, token: await refreshToken({ session_id: id, generation }, settings) })),
  )
}

describe('POST /user/refresh', () => {
  it('gives a new refresh token, and an access token of the same session and the same login', async () => {
    const { id, email, ...first } = await signIn()
    const before = claimsOf(first.access_token)
    clock.set(100)
    const second = await refreshed(first.refresh_token)
    expect(second).toEqual({
      access_token: expect.any(String),
      token_type: 'Bearer',
      expires_in: 86_400,
      refresh_token: expect.stringMatching(/^lkr_[\w-]{76}$/),
    })
    expect(second.refresh_token).not.toBe(first.refresh_token)
    const after = claimsOf(second.access_token)
    expect(after).toEqual({
      ...before,
      jti: expect.any(String),
      iat: (before.iat as number) + 100,
      exp: (before.exp as number) + 100,
    })
    expect(after.jti).not.toBe(before.jti)
    expect(await action(second.access_token)).toBe(200)
    expect(await action(first.access_token)).toBe(200)
    expect(await rowOf(before.sid)).toMatchObject({
      user_id: id,
      generation: 1,
      auth_time: before.auth_time,
      created_at: before.auth_time,
      refreshed_at: (before.auth_time as number) + 100,
      expires_at: (before.auth_time as number) + 30 * 86_400,
      tokens_until: (after.exp as number) + 30,
      revoked_at: null,
    })
    expect(mailsTo(email)).toEqual([])
  })

  it('gives the roles that the user has now', async () => {
    const { id, refresh_token, access_token } = await signIn()
    expect(claimsOf(access_token)).not.toHaveProperty('roles')
    await env.DB.prepare(`UPDATE users SET roles = '["editor"]' WHERE id = ?`).bind(id).run()
    const { access_token: promoted } = await refreshed(refresh_token)
    expect(claimsOf(promoted).roles).toEqual(['editor'])
    await env.DB.prepare(`UPDATE users SET roles = '[]' WHERE id = ?`).bind(id).run()
    expect(claimsOf((await refreshed(refresh_token)).access_token)).not.toHaveProperty('roles')
  })

  it('takes the token from the body alone, and needs no access token', async () => {
    const { refresh_token, access_token } = await signIn()
    for (const wrong of [undefined, null, 1, true, [], [refresh_token], { token: refresh_token }]) {
      const problem = await expectProblem(await tryRefresh(wrong), 422, 'invalid_body')
      expect(problem.errors).toEqual([
        { field: 'refresh_token', code: wrong === undefined ? 'required' : 'wrong_type' },
      ])
      expect(JSON.stringify(problem)).not.toContain(refresh_token)
    }
    const inQuery = await call('POST', `/user/refresh?refresh_token=${refresh_token}`, { json: {} })
    await expectProblem(inQuery, 422, 'invalid_body')
    await expectProblem(await call('POST', '/user/refresh', bearer(refresh_token)), 415, 'unsupported_media_type')
    await refused(access_token)
    await refreshed(refresh_token)
  })

  it('refuses what is no token of ours without asking the database, and says nothing of it', async () => {
    const { refresh_token: good, access_token } = await signIn()
    const flip = (at: number) => good.slice(0, at) + (good[at] === 'A' ? 'B' : 'A') + good.slice(at + 1)
    const foreign = await refreshToken(
      { session_id: claimsOf(access_token).sid as string, generation: 0 },
      config(withSettings({ LATCHKEY_SECRET: 'another secret that is long enough to be one' })),
    )
    const isolate = watchedIsolate()
    const log = vi.spyOn(console, 'error')
    const tokens = [
      '',
      'x',
      'lkr_',
      good.slice(0, -1),
      `${good}A`,
      ` ${good}`,
      `Bearer ${good}`,
      good.replace('lkr_', 'lkd_'),
      flip(10), // the session
      flip(50), // the MAC
      flip(77), // the checksum
      foreign, // a checksum that fits, a MAC of somebody else's
      access_token,
      randomId(256), // what a mailed link carries
      'a'.repeat(10_000),
      '\ud800',
    ]
    for (const token of tokens) {
      const problem = await refused(token, isolate.env)
      if (token.length > 3) expect(JSON.stringify(problem)).not.toContain(token)
    }
    expect(isolate.calls).toEqual([])
    expect(log).not.toHaveBeenCalled()
    log.mockRestore()
    await refreshed(good, isolate.env)
    expect(isolate.calls).toHaveLength(1)
  })

  it('refuses a token of ours whose session is not there', async () => {
    await refused(await refreshToken({ session_id: randomId(), generation: 0 }, config(ENV)))
  })

  it('leaves nothing in the database, nor in the log, that opens anything', async () => {
    const said = (['log', 'info', 'warn', 'error'] as const).map((level) => vi.spyOn(console, level))
    const first = await signIn()
    const second = await refreshed(first.refresh_token)
    clock.set(31)
    const third = await refreshed(second.refresh_token)
    await refused(first.refresh_token) // audited, and mailed
    const dump = await everything()
    expect(dump).toContain(String(claimsOf(first.access_token).sid))
    expect(dump).toContain('refresh_token_replayed')
    const log = JSON.stringify(said.flatMap((spy) => spy.mock.calls))
    said.forEach((spy) => spy.mockRestore())
    for (const { refresh_token, access_token } of [first, second, third]) {
      const body = refresh_token.slice(4, 74)
      const bytes = Buffer.from(body, 'base64url')
      const mac = bytes.subarray(20)
      const secrets = [
        refresh_token,
        body,
        body.slice(27),
        mac.toString('base64'),
        mac.toString('base64url'),
        mac.toString('hex'),
        access_token,
        access_token.split('.')[2]!,
        PASSWORD,
      ]
      for (const secret of secrets) {
        expect(dump.toLowerCase()).not.toContain(secret.toLowerCase())
        expect(log.toLowerCase()).not.toContain(secret.toLowerCase())
      }
    }
  })
})

/** Every row of every table. */
async function everything(): Promise<string> {
  const query = `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\'`
  const { results } = await env.DB.prepare(query).all<{ name: string }>()
  expect(results.map(({ name }) => name)).toEqual(expect.arrayContaining(['users', 'sessions', 'outbox']))
  const tables = await env.DB.batch(results.map(({ name }) => env.DB.prepare(`SELECT * FROM ${name}`)))
  return JSON.stringify(tables.map(({ results: rows }) => rows))
}

describe('fifty uses of one refresh token at once, many times', MANY, () => {
  const ROUNDS = times(100, 20)
  const USES = 50

  it('without a grace: one wins, the others are refused, and the session lives on with the winner', async () => {
    const settings = config(ENV)
    for (const { id, token } of await manySessions(ROUNDS, 0, 0)) {
      const answers = await Promise.all(Array.from({ length: USES }, () => tryRefresh(token, NO_GRACE)))
      const [winner, ...others] = answers.filter(({ status }) => status === 200)
      expect(others).toEqual([])
      for (const answer of answers) {
        if (answer === winner) continue
        expect(answer.status).toBe(401)
        expect(await answer.json()).toMatchObject({ code: 'invalid_refresh_token' })
      }
      const { refresh_token, access_token } = await winner!.json<Tokens>()
      expect(await rowOf(id)).toMatchObject({ generation: 1, revoked_at: null })
      expect(refresh_token).toBe(await refreshToken({ session_id: id, generation: 1 }, settings))
      expect(await action(access_token)).toBe(200)
      await refreshed(refresh_token, NO_GRACE)
      expect(await eventsOf(id)).toEqual([])
    }
  })

  it.each([
    ['the first token of a login', 0, 0],
    ['a later token', 7, 1_000],
  ])('within the grace, %s: all get the same successor', async (_name, generation, age) => {
    const settings = config(ENV)
    for (const { id, token } of await manySessions(ROUNDS / 2, generation, age)) {
      const answers = await Promise.all(Array.from({ length: USES }, () => tryRefresh(token)))
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
      const tokens = await Promise.all(answers.map((answer) => answer.json<Tokens>()))
      const successors = new Set(tokens.map(({ refresh_token }) => refresh_token))
      expect([...successors]).toEqual([await refreshToken({ session_id: id, generation: generation + 1 }, settings)])
      expect(await rowOf(id)).toMatchObject({ generation: generation + 1, revoked_at: null })
      expect(new Set(tokens.map(({ access_token }) => claimsOf(access_token).jti)).size).toBe(USES)
      expect(new Set(tokens.map(({ access_token }) => claimsOf(access_token).sid))).toEqual(new Set([id]))
      expect(await eventsOf(id)).toEqual([])
    }
  })
})

describe('within the grace', () => {
  it('two tabs stay signed in, one with the old token and one with the new', async () => {
    const first = await signIn()
    const { refresh_token: next } = await refreshed(first.refresh_token)
    clock.set(29)
    const shown = Array.from({ length: 50 }, (_, i) => (i % 2 === 0 ? first.refresh_token : next))
    const answers = await Promise.all(shown.map((token) => tryRefresh(token)))
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
    const tokens = await Promise.all(answers.map((answer) => answer.json<Tokens>()))
    expect(new Set(tokens.map(({ refresh_token }) => refresh_token))).toEqual(new Set([next]))
    for (const { access_token } of tokens) expect(await action(access_token)).toBe(200)
    const { sid } = claimsOf(first.access_token)
    expect(await rowOf(sid)).toMatchObject({ generation: 1, revoked_at: null })
    expect(await eventsOf(sid)).toEqual(['login_succeeded'])
    clock.set(31)
    expect((await refreshed(next)).refresh_token).not.toBe(next)
  })

  it('a client whose answer was lost on the way tries again and stays signed in', async () => {
    const { refresh_token, access_token } = await signIn()
    await refreshed(refresh_token)
    clock.set(20)
    const again = await refreshed(refresh_token)
    clock.set(60)
    const third = await refreshed(again.refresh_token)
    expect(await action(third.access_token)).toBe(200)
    expect(await rowOf(claimsOf(access_token).sid)).toMatchObject({ generation: 2, revoked_at: null })
  })

  it('a client whose answer was lost between D1 and here does so, too', async () => {
    const { refresh_token, access_token } = await signIn()
    const isolate = watchedIsolate()
    isolate.after = () => {
      throw new Error('D1_ERROR: Network connection lost.')
    }
    const answer = await tryRefresh(refresh_token, isolate.env)
    await expectProblem(answer, 503, 'unavailable')
    expect(answer.headers.get('Retry-After')).toBe('2')
    const { sid } = claimsOf(access_token)
    expect(await rowOf(sid)).toMatchObject({ generation: 1 })
    isolate.after = () => {}
    await refreshed(refresh_token, isolate.env)
    expect(await rowOf(sid)).toMatchObject({ generation: 1, revoked_at: null })
  })

  it('a failure before D1 has written changes nothing', async () => {
    const { refresh_token, access_token } = await signIn()
    const isolate = watchedIsolate()
    isolate.before = () => Promise.reject(new Error('D1_ERROR: D1 DB is overloaded. Requests queued for too long.'))
    await expectProblem(await tryRefresh(refresh_token, isolate.env), 503, 'unavailable')
    expect(isolate.calls).toHaveLength(1)
    expect(await rowOf(claimsOf(access_token).sid)).toMatchObject({ generation: 0 })
    await refreshed(refresh_token)
  })

  it('no access token outlives what the revoked set remembers', async () => {
    const { refresh_token } = await signIn()
    await refreshed(refresh_token)
    clock.set(29)
    const { exp, sid } = claimsOf((await refreshed(refresh_token)).access_token)
    const row = await rowOf(sid)
    expect(row!.tokens_until).toBeGreaterThanOrEqual(exp as number)
  })

  it('is as long as the setting says', async () => {
    const own = withSettings({ REFRESH_GRACE_SECONDS: '120' })
    const { refresh_token } = await signIn()
    const { refresh_token: next } = await refreshed(refresh_token, own)
    clock.set(119)
    expect((await refreshed(refresh_token, own)).refresh_token).toBe(next)
    clock.set(120)
    await refused(refresh_token, own)
    await refused(next, own)
  })
})

describe('a lifetime of access tokens that was raised', () => {
  it('gives no token within the grace that outlives what its revocation is remembered for', async () => {
    const someone = await signIn()
    const sid = claimsOf(someone.access_token).sid
    clock.set(3_600)
    const first = await refreshed(someone.refresh_token)
    const until = (await rowOf(sid))!.tokens_until!
    const longer = withSettings({ ACCESS_TOKEN_TTL_SECONDS: String(2 * 86_400) })
    clock.set(3_610)
    for (const shown of [someone.refresh_token, first.refresh_token]) {
      const { access_token, expires_in } = await refreshed(shown, longer)
      expect(claimsOf(access_token).exp).toBe(until)
      expect(expires_in).toBe(until - now())
    }
    expect((await rowOf(sid))!.tokens_until).toBe(until)
    clock.set(3_640)
    const next = await refreshed(first.refresh_token, longer)
    expect(next.expires_in).toBe(2 * 86_400)
    expect((await rowOf(sid))!.tokens_until).toBe(now() + 2 * 86_400 + 30)
  })
})

describe('a grace that outlasts the tokens', () => {
  it.each(['current', 'replaced'])('gives tokens that live for the %s refresh token, within it', async (which) => {
    const short = { ACCESS_TOKEN_TTL_SECONDS: '60', REFRESH_GRACE_SECONDS: '30' }
    const [before, after] = [withSettings(short), withSettings({ ...short, REFRESH_GRACE_SECONDS: '300' })]
    const someone = await signIn(before)
    const { sid } = claimsOf(someone.access_token)
    clock.set(100)
    const first = await refreshed(someone.refresh_token, before)
    const { generation, refreshed_at } = (await rowOf(sid))!
    const shown = which === 'current' ? first.refresh_token : someone.refresh_token
    for (const at of [220, 290, 380]) {
      clock.set(at)
      const { access_token, refresh_token, expires_in } = await refreshed(shown, after)
      expect(expires_in).toBeGreaterThan(0)
      const row = (await rowOf(sid))!
      expect(row.tokens_until).toBeGreaterThanOrEqual(claimsOf(access_token).exp as number)
      expect(row.generation).toBe(generation! + (which === 'current' ? 1 : 0))
      if (which === 'replaced') expect(row.refreshed_at).toBe(refreshed_at) // no longer grace for whoever copied it
      expect((await refreshed(refresh_token, after)).expires_in).toBeGreaterThan(0)
    }
    clock.set(100 + 301)
    if (which === 'replaced') await refused(shown, after)
  })
})

describe('a replay after the grace', () => {
  const phone = { 'User-Agent': 'Phone', 'CF-Connecting-IP': '192.0.2.10' }

  it('ends the session for both, and is written down', async () => {
    const first = await signIn()
    const second = await refreshed(first.refresh_token)
    const bystander = await signInAgain(first.email)
    clock.set(31)
    const answer = await tryRefresh(first.refresh_token, ENV, { 'CF-Connecting-IP': '203.0.113.9' })
    await expectProblem(answer, 401, 'invalid_refresh_token')
    await refused(second.refresh_token)
    await refused(first.refresh_token)
    for (const { access_token } of [first, second]) expect(await action(access_token)).toBe(401)
    const { sid } = claimsOf(first.access_token)
    expect(await rowOf(sid)).toMatchObject({ revoked_at: now(), generation: 1 })
    const query = 'SELECT at, user_id, ip, request_id FROM audit_events WHERE session_id = ? AND event = ?'
    const { results } = await env.DB.prepare(query).bind(sid, 'refresh_token_replayed').all()
    expect(results).toEqual([
      { at: now(), user_id: first.id, ip: '203.0.113.9', request_id: answer.headers.get('X-Request-Id') },
    ])
    expect(await action(bystander.access_token)).toBe(200)
    await refreshed(bystander.refresh_token)
  })

  it('ends it also when the thief was the first and the owner the second', async () => {
    const first = await signIn()
    clock.set(10)
    const stolen = await refreshed(first.refresh_token)
    clock.set(3_600)
    await refused(first.refresh_token)
    expect(await action(stolen.access_token)).toBe(401)
    await refused(stolen.refresh_token)
  })

  it('is refused at once in this isolate, and within seconds in another one that knew the session', async () => {
    const first = await signIn()
    await refreshed(first.refresh_token)
    const other = watchedIsolate()
    clock.set(31)
    expect(await action(first.access_token, other.env)).toBe(200)
    await refused(first.refresh_token)
    expect(await action(first.access_token)).toBe(401)
    clock.set(31 + 5.001)
    expect(await action(first.access_token, other.env)).toBe(401)
  })

  it('of a token two generations back needs no waiting', async () => {
    const first = await signIn()
    const second = await refreshed(first.refresh_token)
    clock.set(30)
    const third = await refreshed(second.refresh_token)
    await refused(first.refresh_token)
    await refused(third.refresh_token)
    expect(await action(third.access_token)).toBe(401)
    expect(await eventsOf(claimsOf(first.access_token).sid)).toEqual(['login_succeeded', 'refresh_token_replayed'])
  })

  it('of the same, without a grace, is told from a lost race by five seconds', async () => {
    const first = await signIn()
    const second = await refreshed(first.refresh_token, NO_GRACE)
    clock.set(4)
    await refused(first.refresh_token, NO_GRACE)
    expect(await rowOf(claimsOf(first.access_token).sid)).toMatchObject({ revoked_at: null })
    clock.set(6)
    await refused(first.refresh_token, NO_GRACE)
    await refused(second.refresh_token, NO_GRACE)
  })

  it('fifty times at once is written down once, and mailed once', async () => {
    const first = await signIn(ENV, phone)
    await refreshed(first.refresh_token)
    clock.set(31)
    const answers = await Promise.all(Array.from({ length: 50 }, () => tryRefresh(first.refresh_token)))
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 401))
    expect(await eventsOf(claimsOf(first.access_token).sid)).toEqual(['login_succeeded', 'refresh_token_replayed'])
    expect(mailsTo(first.email)).toEqual([REPLAYED])
  })

  it('of a session that has ended already is nothing new', async () => {
    const first = await signIn(ENV, phone)
    const second = await refreshed(first.refresh_token)
    await call('POST', '/user/logout', bearer(second.access_token))
    clock.set(31)
    await refused(first.refresh_token)
    expect(await eventsOf(claimsOf(first.access_token).sid)).toEqual(['login_succeeded', 'logged_out'])
    expect(mailsTo(first.email)).toEqual([])
  })

  it('answers 503 and not 401 while D1 cannot end the session, and ends it the next time', async () => {
    const first = await signIn()
    const second = await refreshed(first.refresh_token)
    const isolate = watchedIsolate()
    isolate.before = (texts) => {
      if (texts.some((text) => text.includes('revoked_at ='))) throw new Error('D1_ERROR: Network connection lost.')
    }
    clock.set(31)
    await expectProblem(await tryRefresh(first.refresh_token, isolate.env), 503, 'unavailable')
    isolate.before = () => {}
    await refused(first.refresh_token, isolate.env)
    await refused(second.refresh_token, isolate.env)
  })

  const six = '2001:db8:1:2::1'
  it.each<[string, string | null, string, string | null, string, boolean]>([
    ['the same address and the same device', '192.0.2.10', 'Phone', '192.0.2.10', 'Phone', false],
    ['another address of the same /24', '192.0.2.10', 'Phone', '192.0.2.200', 'Phone', false],
    ['an address of the next /24', '192.0.2.10', 'Phone', '192.0.3.10', 'Phone', true],
    ['the same address, mapped into IPv6', '192.0.2.10', 'Phone', '::ffff:192.0.2.10', 'Phone', false],
    ['another device at the same address', '192.0.2.10', 'Phone', '192.0.2.10', 'curl/8.5.0', true],
    ['another address of the same /64', six, 'Phone', '2001:0db8:0001:0002:ffff::9', 'Phone', false],
    ['an address of the next /64', six, 'Phone', '2001:db8:1:3::1', 'Phone', true],
    ['IPv6 in place of IPv4', '192.0.2.10', 'Phone', six, 'Phone', true],
    ['no address on either side', null, 'Phone', null, 'Phone', false],
    ['no address now', '192.0.2.10', 'Phone', null, 'Phone', true],
  ])(
    'from %s is mailed only where it looks like somebody else',
    async (_name, ip, agent, otherIp, otherAgent, mailed) => {
      const headers = (address: string | null, device: string) => ({
        'User-Agent': device,
        ...(address !== null && { 'CF-Connecting-IP': address }),
      })
      const first = await signIn(ENV, headers(ip, agent))
      await refreshed(first.refresh_token)
      clock.set(31)
      const answer = await tryRefresh(first.refresh_token, ENV, headers(otherIp, otherAgent))
      await expectProblem(answer, 401, 'invalid_refresh_token')
      expect(await action(first.access_token)).toBe(401)
      expect(await eventsOf(claimsOf(first.access_token).sid)).toEqual(['login_succeeded', 'refresh_token_replayed'])
      expect(mailsTo(first.email)).toEqual(mailed ? [REPLAYED] : [])
    },
  )

  it('reaches the mailbox of the owner at once', async () => {
    const first = await signIn(ENV, phone)
    await refreshed(first.refresh_token)
    clock.set(31)
    await tryRefresh(first.refresh_token, ENV, { 'User-Agent': 'curl/8.5.0', 'Accept-Language': 'ko' })
    expect(mailsTo(first.email)).toEqual([expect.stringContaining('기기 한 대에서 로그아웃했습니다')])
    const waiting = env.DB.prepare('SELECT count(*) AS n FROM outbox WHERE recipient = ?').bind(first.email)
    expect(await waiting.first('n')).toBe(0)
  })
})

describe('a database that was restored to an earlier time', () => {
  const setBack = (sid: unknown, generation: number) =>
    env.DB.prepare('UPDATE sessions SET generation = ? WHERE id = ?').bind(generation, sid).run()

  it('takes a token that it has not heard of yet for the current one, and leads on from there', async () => {
    const first = await signIn()
    const { sid } = claimsOf(first.access_token)
    const second = await refreshed(first.refresh_token)
    clock.set(100)
    const third = await refreshed(second.refresh_token)
    await setBack(sid, 0)
    const fourth = await refreshed(third.refresh_token)
    expect(fourth.refresh_token).toBe(await refreshToken({ session_id: sid as string, generation: 3 }, config(ENV)))
    expect(await rowOf(sid)).toMatchObject({ generation: 3, revoked_at: null })
    expect(await action(fourth.access_token)).toBe(200)
    expect((await refreshed(third.refresh_token)).refresh_token).toBe(fourth.refresh_token) // another tab
    clock.set(200)
    await refused(third.refresh_token)
    await refused(fourth.refresh_token)
  })

  it('gives all who come with it at once the same successor', async () => {
    const first = await signIn()
    const sid = claimsOf(first.access_token).sid as string
    await refreshed(first.refresh_token) // just now: within the grace of a generation that the restored row has
    const shown = await refreshToken({ session_id: sid, generation: 9 }, config(ENV))
    const answers = await Promise.all(Array.from({ length: 50 }, () => tryRefresh(shown)))
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
    const tokens = await Promise.all(answers.map((answer) => answer.json<Tokens>()))
    const next = await refreshToken({ session_id: sid, generation: 10 }, config(ENV))
    expect(new Set(tokens.map(({ refresh_token }) => refresh_token))).toEqual(new Set([next]))
    expect(await rowOf(sid)).toMatchObject({ generation: 10 })
  })
})

describe('the life of a session', () => {
  const signedAt = (token: string) => (claimsOf(token).iat as number) + IAT_BACK_SECONDS
  const expOf = (token: string) => claimsOf(token).exp as number

  it('ends at its absolute end, however busy it is, and no access token goes past it', async () => {
    const own = withSettings({ SESSION_TTL_SECONDS: '3600', SESSION_IDLE_SECONDS: '3000' })
    const first = await signIn(own)
    const end = signedAt(first.access_token) + 3_600
    let shown: Tokens = first
    for (const at of [0, 1_000, 2_000, 3_000, 3_599]) {
      clock.set(at)
      if (at > 0) shown = await refreshed(shown.refresh_token, own)
      expect(expOf(shown.access_token)).toBe(end)
      expect(shown.expires_in).toBe(end - signedAt(shown.access_token))
      expect(await action(shown.access_token, own)).toBe(200)
    }
    expect(await rowOf(claimsOf(first.access_token).sid)).toMatchObject({ expires_at: end, tokens_until: end })
    clock.set(3_600)
    await refused(shown.refresh_token, own)
    expect(await action(shown.access_token, own)).toBe(401)
  })

  it('lasts thirty days by default, seven without a refresh', async () => {
    const DAY = 86_400
    let { refresh_token } = await signIn()
    const idle = await signIn()
    for (const day of [6, 12, 18, 24, 29]) {
      clock.set(day * DAY)
      refresh_token = (await refreshed(refresh_token)).refresh_token
    }
    clock.set(30 * DAY + 1)
    await refused(refresh_token)
    clock.set(7 * DAY + 1)
    await refused(idle.refresh_token)
  })

  it('ends when it was idle for too long', async () => {
    const own = withSettings({ SESSION_IDLE_SECONDS: '600' })
    const first = await signIn(own)
    clock.set(598)
    const second = await refreshed(first.refresh_token, own)
    clock.set(2 * 598)
    const third = await refreshed(second.refresh_token, own)
    clock.set(2 * 598 + 601)
    await refused(third.refresh_token, own)
    await refused(second.refresh_token, own)
    expect(await rowOf(claimsOf(first.access_token).sid)).toMatchObject({ generation: 2, revoked_at: null })
    expect(await eventsOf(claimsOf(first.access_token).sid)).toEqual(['login_succeeded'])
  })

  it('says in expires_in how long the access token lives', async () => {
    const own = withSettings({ ACCESS_TOKEN_TTL_SECONDS: '900' })
    const first = await signIn(own)
    const second = await refreshed(first.refresh_token, own)
    for (const { expires_in, access_token } of [first, second]) {
      expect(expires_in).toBe(900)
      expect(expOf(access_token) - signedAt(access_token)).toBe(900)
    }
  })

  it.each<[string, string]>([
    ['the session is revoked', 'UPDATE sessions SET revoked_at = unixepoch() WHERE user_id = ?'],
    ['the session is deleted', 'DELETE FROM sessions WHERE user_id = ?'],
    ['the user is disabled', 'UPDATE users SET disabled_at = unixepoch() WHERE id = ?'],
    ['the user is deleted', 'DELETE FROM users WHERE id = ?'],
  ])('ends when %s', async (_name, sql) => {
    const { id, refresh_token } = await signIn()
    await env.DB.prepare(sql).bind(id).run()
    await refused(refresh_token)
    await env.DB.prepare('UPDATE users SET disabled_at = NULL WHERE id = ?').bind(id).run()
    await refused(refresh_token) // an end is an end
  })

  it('does not begin for a disabled user, by whatever way the session came about', async () => {
    const { id: user_id } = await insertUser({ disabled_at: 1 })
    const [session] = await manySessions(1, 0, 0)
    await env.DB.prepare('UPDATE sessions SET user_id = ? WHERE id = ?').bind(user_id, session!.id).run()
    await refused(session!.token)
  })

  it('is remembered as revoked for as long as any token of it lives, also one from before a shorter setting', async () => {
    const first = await signIn()
    const exp = expOf(first.access_token)
    const own = withSettings({ ACCESS_TOKEN_TTL_SECONDS: '900' })
    const second = await refreshed(first.refresh_token, own)
    expect((await rowOf(claimsOf(first.access_token).sid))!.tokens_until).toBeGreaterThanOrEqual(exp)
    const again = await callIn(own, 'POST', '/user/reauth', {
      json: { password: PASSWORD },
      ...bearer(second.access_token),
    })
    expect(again.status).toBe(200)
    expect((await rowOf(claimsOf(first.access_token).sid))!.tokens_until).toBeGreaterThanOrEqual(exp)
  })
})

describe('rotating a secret', () => {
  const NEXT = 'the secret after the rotation, 32 bytes or more'
  const [JWT, OWN] = [env.JWT_SECRET_KEY, 'only-for-tests: the key that is shared with nobody']

  const rotations: [string, Record<string, string>, Record<string, string>][] = [
    ['JWT_SECRET_KEY', {}, { JWT_SECRET_KEY: NEXT, JWT_SECRET_KEY_PREVIOUS: JWT }],
    ['LATCHKEY_SECRET', {}, { LATCHKEY_SECRET: NEXT, LATCHKEY_SECRET_PREVIOUS: OWN }],
    [
      'both at once',
      {},
      {
        JWT_SECRET_KEY: NEXT,
        JWT_SECRET_KEY_PREVIOUS: JWT,
        LATCHKEY_SECRET: `${NEXT}!`,
        LATCHKEY_SECRET_PREVIOUS: OWN,
      },
    ],
    [
      'JWT_SECRET_KEY, from which the other is derived',
      { LATCHKEY_SECRET: '' },
      { LATCHKEY_SECRET: '', JWT_SECRET_KEY: NEXT, JWT_SECRET_KEY_PREVIOUS: JWT },
    ],
    [
      'LATCHKEY_SECRET, set for the first time',
      { LATCHKEY_SECRET: '' },
      { LATCHKEY_SECRET: NEXT, LATCHKEY_SECRET_PREVIOUS: JWT },
    ],
    [
      'JWT_SECRET_KEY, while LATCHKEY_SECRET is set for the first time',
      { LATCHKEY_SECRET: '' },
      {
        LATCHKEY_SECRET: NEXT,
        LATCHKEY_SECRET_PREVIOUS: JWT,
        JWT_SECRET_KEY: `${NEXT}!`,
        JWT_SECRET_KEY_PREVIOUS: JWT,
      },
    ],
  ]

  it.each(rotations)('%s signs nobody out', async (_name, before, after) => {
    const first = await signIn(withSettings(before))
    const own = withSettings(after)
    expect(await action(first.access_token, own)).toBe(200)
    const second = await refreshed(first.refresh_token, own)
    // An isolate that has the old settings still gives the same session, and its answer leads on in the new one.
    const old = await refreshed(first.refresh_token, withSettings(before))
    expect((await refreshed(old.refresh_token, own)).refresh_token).toBe(second.refresh_token)
    clock.set(31)
    const third = await refreshed(second.refresh_token, own)
    expect(await action(third.access_token, own)).toBe(200)
    const current = withSettings({ ...after, JWT_SECRET_KEY_PREVIOUS: '', LATCHKEY_SECRET_PREVIOUS: '' })
    expect(await action(third.access_token, current)).toBe(200) // made with the new secrets
    await refreshed(third.refresh_token, current)
  })

  it('without naming the one before signs everybody out', async () => {
    const { refresh_token, access_token } = await signIn()
    await refused(refresh_token, withSettings({ LATCHKEY_SECRET: NEXT }))
    expect(await action(access_token, withSettings({ JWT_SECRET_KEY: NEXT }))).toBe(401)
    await refreshed(refresh_token, withSettings({ JWT_SECRET_KEY: NEXT })) // the two are apart
    expect(await action(access_token, withSettings({ LATCHKEY_SECRET: NEXT }))).toBe(200)
  })

  it('a service that verifies access tokens cannot make refresh tokens', async () => {
    const { access_token } = await signIn()
    const name = { session_id: claimsOf(access_token).sid as string, generation: 0 }
    await refused(await refreshToken(name, config(withSettings({ LATCHKEY_SECRET: '' }))))
  })
})
