import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import {
  bearer,
  call,
  callIn,
  claimsOf,
  clock,
  ENV,
  expectProblem,
  freshDatabase,
  now,
  signedIn,
  watchedIsolate,
} from '../support.ts'

freshDatabase()
afterEach(async () => {
  await env.DB.prepare('DELETE FROM revocations').run()
})

const SECRET = 'only-for-tests: what other services show'

type Feed = { cursor: number; more: boolean; sessions: { sid: string; until: number }[] }

const ask = (query = '', own = ENV) => callIn(own, 'GET', `/revoked${query}`, bearer(SECRET))

async function feed(query = '', own = ENV): Promise<Feed> {
  const answer = await ask(query, own)
  expect({ status: answer.status, cache: answer.headers.get('Cache-Control') }).toEqual({
    status: 200,
    cache: 'no-store',
  })
  return answer.json<Feed>()
}

async function revoke(session_id: string, until = now() + 86_400): Promise<number> {
  const insert = env.DB.prepare('INSERT INTO revocations (session_id, until) VALUES (?, ?) RETURNING id')
  return (await insert.bind(session_id, until).first<number>('id'))!
}

const revokeMany = (count: number) =>
  env.DB.prepare(
    `INSERT INTO revocations (session_id, until)
     WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?)
     SELECT 'many' || n, ? FROM numbers`,
  )
    .bind(count, now() + 86_400)
    .run()

describe('GET /revoked', () => {
  it('is not there while REVOCATION_FEED_SECRET is unset, not even for who would know it', async () => {
    for (const REVOCATION_FEED_SECRET of ['', undefined]) {
      const own = watchedIsolate({ REVOCATION_FEED_SECRET })
      await expectProblem(await ask('', own.env), 404, 'not_found')
      await expectProblem(await callIn(own.env, 'GET', '/revoked'), 404, 'not_found')
      await expectProblem(await callIn(own.env, 'GET', '/revoked', bearer('undefined')), 404, 'not_found')
      expect(own.calls).toEqual([])
    }
  })

  it.each<[string, Record<string, string>]>([
    ['nothing', {}],
    ['an empty header', { Authorization: '' }],
    ['the scheme alone', { Authorization: 'Bearer' }],
    ['another scheme', { Authorization: `Basic ${SECRET}` }],
    ['the bare secret', { Authorization: SECRET.replaceAll(' ', '') }],
    ['a cookie', { Cookie: `__Host-latchkey=${SECRET}` }],
  ])('is closed to who shows %s', async (_name, headers) => {
    const isolate = watchedIsolate()
    const answer = await callIn(isolate.env, 'GET', '/revoked', { headers })
    await expectProblem(answer, 401, 'login_required')
    expect(answer.headers.get('WWW-Authenticate')).toBe('Bearer realm="latchkey"')
    expect(isolate.calls).toEqual([])
  })

  it('is closed to a wrong secret and to anybody’s access token, and asks the database nothing', async () => {
    const { token } = await signedIn()
    const isolate = watchedIsolate({ REVOCATION_FEED_SECRET: 'a-secret-of-forty-characters-and-no-blanks' })
    const wrong = [
      'a-secret-of-forty-characters-and-no-blank',
      'a-secret-of-forty-characters-and-no-blanksx',
      'A-SECRET-OF-FORTY-CHARACTERS-AND-NO-BLANKS',
      env.JWT_SECRET_KEY.replaceAll(' ', ''),
      token,
    ]
    for (const secret of wrong) {
      const answer = await callIn(isolate.env, 'GET', '/revoked', bearer(secret))
      await expectProblem(answer, 401, 'invalid_token')
      expect(answer.headers.get('WWW-Authenticate')).toBe('Bearer realm="latchkey", error="invalid_token"')
    }
    expect(isolate.calls).toEqual([])
    const right = { headers: { Authorization: 'bearer   a-secret-of-forty-characters-and-no-blanks' } }
    expect((await callIn(isolate.env, 'GET', '/revoked', right)).status).toBe(200)
  })

  it('takes no secret from the address', async () => {
    const answer = await call('GET', `/revoked?secret=${SECRET}&token=${SECRET}&access_token=${SECRET}`)
    await expectProblem(answer, 401, 'login_required')
  })

  it('lists each session that was revoked, until two days after its last token, and nothing else of it', async () => {
    expect(await feed()).toEqual({ cursor: 0, more: false, sessions: [] })
    const { token } = await signedIn()
    const sid = claimsOf(token).sid as string
    const until = await env.DB.prepare('SELECT tokens_until FROM sessions WHERE id = ?').bind(sid).first('tokens_until')
    expect(until).toBeGreaterThanOrEqual(claimsOf(token).exp as number)
    expect((await feed()).sessions).toEqual([])
    await call('POST', '/user/logout', bearer(token))
    const listed = await feed()
    expect(listed).toEqual({ cursor: expect.any(Number), more: false, sessions: [{ sid, until }] })
    const end = (until as number) - now() + 2 * 86_400
    clock.set(end - 1)
    expect((await feed()).sessions).toEqual([{ sid, until }])
    clock.set(end)
    expect((await feed()).sessions).toEqual([])
  })

  it.each([
    ['the account is disabled', 'UPDATE users SET disabled_at = unixepoch() WHERE id = ?'],
    ['the account is deleted', 'DELETE FROM users WHERE id = ?'],
    ['an operator deletes the session', 'DELETE FROM sessions WHERE user_id = ?'],
  ])('lists it also when %s', async (_name, statement) => {
    const { id, token } = await signedIn()
    await env.DB.prepare(statement).bind(id).run()
    expect((await feed()).sessions.map(({ sid }) => sid)).toEqual([claimsOf(token).sid])
  })

  it('gives with a cursor what came since, and keeps the cursor where nothing did', async () => {
    const [first, second] = [await revoke('first'), await revoke('second')]
    expect(await feed()).toMatchObject({ cursor: second, sessions: [{ sid: 'first' }, { sid: 'second' }] })
    expect(await feed(`?since=${first}`)).toMatchObject({ cursor: second, sessions: [{ sid: 'second' }] })
    expect(await feed(`?since=${second}`)).toEqual({ cursor: second, more: false, sessions: [] })
    const third = await revoke('third')
    await revoke('expired', now() - 2 * 86_400)
    expect(await feed(`?since=${second}`)).toMatchObject({ cursor: third, sessions: [{ sid: 'third' }] })
    expect((await feed('?since=0')).sessions.map(({ sid }) => sid)).toEqual(['first', 'second', 'third'])
  })

  it('gives everything in pages, each once', async () => {
    await revokeMany(25_000)
    const pages: Feed[] = []
    for (let since = 0; pages.at(-1)?.more !== false; since = pages.at(-1)!.cursor)
      pages.push(await feed(`?since=${since}`))
    expect(pages.map(({ more, sessions }) => [more, sessions.length])).toEqual([
      [true, 10_000],
      [true, 10_000],
      [false, 5_000],
    ])
    expect(new Set(pages.flatMap(({ sessions }) => sessions.map(({ sid }) => sid))).size).toBe(25_000)
    const isolate = watchedIsolate()
    await revoke('news')
    expect(await feed(`?since=${pages.at(-1)!.cursor}`, isolate.env)).toMatchObject({ sessions: [{ sid: 'news' }] })
    expect(isolate.calls).toHaveLength(1)
    expect(isolate.calls[0]!.rows_read).toBeLessThan(10) // what came since, not what is there
  })

  it('gives everything anew when the database was restored to an earlier time', async () => {
    const before = await revoke('before')
    await revoke('lost')
    await revoke('lost too')
    const { cursor } = await feed()
    await env.DB.batch([
      env.DB.prepare('DELETE FROM revocations WHERE id > ?').bind(before),
      env.DB.prepare(`UPDATE sqlite_sequence SET seq = ? WHERE name = 'revocations'`).bind(before),
    ])
    const after = await revoke('after')
    expect(after).toBeLessThan(cursor)
    expect(await feed(`?since=${cursor}`)).toMatchObject({
      cursor: after,
      sessions: [{ sid: 'before' }, { sid: 'after' }],
    })
  })

  it.each(['', 'x', '-1', '1.5', '1e3', '0x10', '%201', '1%00', '1'.repeat(16), '１'])(
    'refuses the cursor "%s"',
    async (since) => {
      const problem = await expectProblem(await ask(`?since=${since}`), 422, 'invalid_body')
      expect(problem.errors).toEqual([{ field: 'since', code: 'malformed' }])
    },
  )

  it('asks for the secret before it looks at the cursor', async () => {
    await expectProblem(await call('GET', '/revoked?since=x'), 401, 'login_required')
  })

  it('is 503 while D1 fails', async () => {
    const isolate = watchedIsolate()
    isolate.before = () => Promise.reject(new Error('D1_ERROR: Network connection lost.'))
    const log = vi.spyOn(console, 'error').mockImplementation(() => {})
    await expectProblem(await ask('', isolate.env), 503, 'unavailable')
    expect(log.mock.calls.flat().join()).not.toContain(SECRET)
    log.mockRestore()
  })
})
