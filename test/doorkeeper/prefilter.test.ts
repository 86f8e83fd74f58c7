import bcrypt from 'bcryptjs'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import {
  callIn,
  callWith,
  CALM,
  clock,
  counting,
  ENV,
  expectProblem,
  fresh24,
  freshAddress,
  freshDatabase,
  insertUser,
  limiter,
  loginFrom,
  MANY,
  nobody,
  ORIGIN,
  PASSWORD,
  times,
} from '../support.ts'

freshDatabase()

/** What the bindings in wrangler.toml let one network fail at or ask of a route in a minute, and ask of a cheap one. */
const LIMIT = 30
const REFRESH_LIMIT = 300

const endless = (): Env => ({ ...CALM, PREFILTER: counting(LIMIT), PREFILTER_REFRESH: counting(REFRESH_LIMIT) })

/** Whom a network is, and who is counted with it, is the same at any limit: here at one that is soon reached. */
const ENDLESS: Env = { ...endless(), PREFILTER_REFRESH: counting(LIMIT) }

/** A login without a body: cheap where it is let through (415), and counted like any other. */
async function knock(headers: Record<string, string>, path = '/user/login', own = ENDLESS): Promise<number> {
  const { status } = await callWith(own, ORIGIN + path, { method: 'POST', headers })
  return status
}

/** How many of so many knocks are let through. */
async function heard(
  times: number,
  headers: (n: number) => Record<string, string>,
  path?: (n: number) => string,
  own = ENDLESS,
): Promise<number> {
  let count = 0
  for (let n = 0; n < times; n++) if ((await knock(headers(n), path?.(n), own)) !== 429) count += 1
  return count
}

const from = (ip: string) => ({ 'CF-Connecting-IP': ip })

describe('one network', () => {
  it(
    'tries one password at thousands of accounts from 1,000 addresses, and has at most a hundred compared',
    MANY,
    async () => {
      const accounts = times(10_000, 1_000)
      const compare = vi.spyOn(bcrypt, 'compare')
      onTestFinished(() => compare.mockRestore())
      const { email } = await insertUser()
      const prefix = freshAddress().slice(0, -'::1'.length)
      const statuses: Record<number, number> = {}
      for (let i = 0; i < accounts; i += 20) {
        const wave = Array.from({ length: 20 }, (_, j) => {
          const ip = `${prefix}:${(i + j) % 1_000}:0:${j}:1`
          const name = i + j === accounts - 1 ? email : nobody()
          return loginFrom(ip, { email: name, password: 'the password of the year' }, CALM)
        })
        for (const { status } of await Promise.all(wave)) statuses[status] = (statuses[status] ?? 0) + 1
      }
      expect(statuses).toEqual({ 401: compare.mock.calls.length, 429: accounts - compare.mock.calls.length })
      expect(compare.mock.calls.length).toBeLessThanOrEqual(100)
      expect(compare.mock.calls.length).toBeGreaterThanOrEqual(LIMIT)
    },
  )

  it('is told when to come again, in the words that an account with too many failures uses', async () => {
    const ip = freshAddress()
    await heard(LIMIT, () => from(ip))
    const answer = await loginFrom(ip, { email: nobody() }, ENDLESS)
    expect(answer.headers.get('Retry-After')).toBe('60')
    expect(answer.headers.get('Cache-Control')).toBe('no-store')
    await expectProblem(answer, 429, 'too_many_attempts')
  })

  it.each(['X-Forwarded-For', 'X-Real-IP', 'Forwarded', 'True-Client-IP', 'X-Client-IP', 'CF-Connecting-IPv6'])(
    'is not another one because it sends another %s',
    async (header) => {
      const ip = freshAddress()
      const rotating = (n: number) => ({
        ...from(ip),
        [header]: header === 'Forwarded' ? `for=10.0.${n}.1` : `10.0.${n}.1`,
      })
      expect(await heard(LIMIT + 10, rotating)).toBe(LIMIT)
    },
  )

  it('is the same in every spelling of the path, and on the page', async () => {
    const ip = freshAddress()
    const paths = [
      '/user/login',
      '/%75ser/login',
      '/user/%6cogin',
      '/user/./login',
      '/x/../user/login',
      '/user/login?x=1',
      '/user/%2e/login',
      '/login',
    ]
    expect(
      await heard(
        LIMIT + 10,
        () => from(ip),
        (n) => paths[n % paths.length]!,
      ),
    ).toBe(LIMIT)
    for (const path of paths) expect([path, await knock(from(ip), path)]).toEqual([path, 429])
    for (const path of ['/user//login', '/USER/login', '/user/login/']) expect(await knock(from(ip), path)).toBe(404)
  })

  it('is a /24 of IPv4, in every way that IPv6 writes it', async () => {
    const net = fresh24()
    const [, b, c] = net.split('.').map(Number) as [number, number, number]
    const hex = `::ffff:${(0x0a00 | b).toString(16)}:${(c << 8).toString(16)}`
    const spellings = [`${net}.1`, `${net}.254`, `::ffff:${net}.7`, `::FFFF:${net}.8`, hex, `0:0:0:0:0:ffff:${net}.9`]
    expect(await heard(LIMIT + 12, (n) => from(spellings[n % spellings.length]!))).toBe(LIMIT)
    for (const ip of spellings) expect([ip, await knock(from(ip))]).toEqual([ip, 429])
    expect(await knock(from(`10.${b}.${(c + 1) % 256}.1`))).toBe(415)
  })

  it('is a /64 of IPv6, in every spelling', async () => {
    const prefix = freshAddress().slice(0, -'::1'.length)
    const [, , a, b] = prefix.split(':') as [string, string, string, string]
    const spellings = [
      `${prefix}::1`,
      `${prefix}::`,
      `${prefix}:ffff:ffff:ffff:ffff`,
      `2001:0DB8:${a.padStart(4, '0')}:${b.padStart(4, '0')}:0:0:0:1`.toUpperCase(),
      `${prefix}::192.0.2.1`,
    ]
    expect(await heard(LIMIT + 10, (n) => from(spellings[n % spellings.length]!))).toBe(LIMIT)
    for (const ip of spellings) expect([ip, await knock(from(ip))]).toEqual([ip, 429])
    expect(await knock(from(`2001:db8:${a}:${(parseInt(b, 16) ^ 1).toString(16)}::1`))).toBe(415)
  })

  it('takes nothing from another network, nor one route from another', async () => {
    const ip = freshAddress()
    expect(await heard(LIMIT + 1, () => from(ip))).toBe(LIMIT)
    expect(await knock(from(freshAddress()))).toBe(415)
    const others = ['/user/register', '/user/password/forgot', '/user/refresh']
    for (const path of others) expect(await knock(from(ip), path)).toBe(415)
  })

  it('has one budget for the ways to have mail sent', async () => {
    const ip = freshAddress()
    const paths = ['/user/password/forgot', '/user/email/resend']
    expect(
      await heard(
        LIMIT + 10,
        () => from(ip),
        (n) => paths[n % 2]!,
      ),
    ).toBe(LIMIT)
  })

  it('refreshes ten times as often as it signs in', async () => {
    const ip = freshAddress()
    const knocks = REFRESH_LIMIT + 10
    const own = endless()
    expect(
      await heard(
        knocks,
        () => from(ip),
        () => '/user/refresh',
        own,
      ),
    ).toBe(REFRESH_LIMIT)
  })
})

describe('one network of many honest people', () => {
  const all = (answers: Promise<Response>[]) => Promise.all(answers.map(async (answer) => (await answer).status))

  it('has all of them signed in within a minute, one after the other or at once', async () => {
    const people = await Promise.all(Array.from({ length: 80 }, () => insertUser()))
    const [school, own] = [fresh24(), endless()]
    const signIn = ({ email }: { email: string }) => loginFrom(`${school}.9`, { email }, own)
    for (const person of people.slice(0, 35)) expect((await signIn(person)).status).toBe(200)
    expect(await all(people.slice(35).map(signIn))).toEqual(Array(45).fill(200))
  })

  it('waits for a minute after thirty failures, but for devices that were there before', async () => {
    const [school, own] = [fresh24(), endless()]
    const from = (json: Record<string, unknown>) => loginFrom(`${school}.9`, json, own)
    const [{ email }, other] = [await insertUser(), await insertUser()]
    const { device_token } = await (await from({ email })).json<{ device_token: string }>()
    for (let i = 0; i <= LIMIT; i++) expect((await from({ email: nobody(), password: 'x' })).status).toBe(401)
    const refused = await from({ email: other.email })
    expect(refused.headers.get('Retry-After')).toBe('60')
    await expectProblem(refused, 429, 'too_many_attempts')
    await expectProblem(await from({ email: other.email, device_token }), 429, 'too_many_attempts')
    expect((await from({ email, device_token })).status).toBe(200)
    expect((await loginFrom(freshAddress(), { email: other.email }, own)).status).toBe(200)
    clock.forward(60)
    expect((await from({ email: other.email })).status).toBe(200)
  })

  it('is not counted where the password was right, or nothing was compared', async () => {
    const [school, own] = [fresh24(), endless()]
    const { email } = await insertUser({ disabled_at: 1 })
    const answers = []
    for (let i = 0; i < 2 * LIMIT + 5; i++) answers.push((await loginFrom(`${school}.9`, { email }, own)).status)
    expect(new Set(answers)).toEqual(new Set([403]))
    await expectProblem(await loginFrom(`${school}.9`, { email: '' }, own), 422, 'invalid_body')
  })

  it('has at most sixty guesses under way at once, however many names it tries', async () => {
    const [school, own] = [fresh24(), endless()]
    const guesses = Array.from({ length: 200 }, () => loginFrom(`${school}.9`, { email: nobody(), password: 'x' }, own))
    const answers = await Promise.all(guesses)
    const statuses = answers.map(({ status }) => status)
    const waits = answers.flatMap(({ status, headers }) => (status === 429 ? [headers.get('Retry-After')] : []))
    expect(new Set(waits)).toEqual(new Set(['3'])) // a place comes free as soon as one of them is done
    expect((await loginFrom(`${school}.9`, { email: nobody() }, own)).headers.get('Retry-After')).toBe('60')
    expect(statuses.filter((status) => status === 401)).toHaveLength(60)
    expect(statuses.filter((status) => status === 429)).toHaveLength(140)
  })

  it('keeps no device out by a flood, in JSON or on the page, and each device has a limit of its own', async () => {
    const [school, own] = [fresh24(), { ...endless(), PREFILTER_REFRESH: limiter(false) }]
    const { email } = await insertUser()
    const { device_token } = await (await loginFrom(freshAddress(), { email }, CALM)).json<{ device_token: string }>()
    expect((await loginFrom(`${school}.9`, { email }, own)).status).toBe(429)
    expect((await loginFrom(`${school}.9`, { email: nobody(), device_token }, own)).status).toBe(429)
    const page = () =>
      callWith(own, `${ORIGIN}/login`, {
        method: 'POST',
        redirect: 'manual',
        headers: {
          'Sec-Fetch-Site': 'same-origin',
          'CF-Connecting-IP': `${school}.9`,
          'Content-Type': 'application/x-www-form-urlencoded',
          Cookie: `__Host-latchkey-device=${device_token}`,
        },
        body: new URLSearchParams({ email, password: PASSWORD }).toString(),
      })
    const statuses = await all([loginFrom(`${school}.9`, { email, device_token }, own), page()])
    expect(statuses).toEqual([200, 303])
    for (let i = 2; i < LIMIT; i++)
      expect((await loginFrom(`${school}.9`, { email, device_token }, own)).status).toBe(200)
    expect((await loginFrom(`${school}.9`, { email, device_token }, own)).status).toBe(429)
  })
})

describe('a limiter that fails', () => {
  const down: Record<string, RateLimit['limit']> = {
    throws: () => Promise.reject(new Error('rate limiting is down')),
    'throws at once': () => {
      throw new Error('rate limiting is down')
    },
    'is silent': () => new Promise(() => {}),
  }

  it.each(Object.entries(down))(
    'and %s stops nobody whom the doorkeeper still guards, and is logged',
    async (_, limit) => {
      const log = vi.spyOn(console, 'error').mockReturnValue()
      onTestFinished(() => log.mockRestore())
      const own: Env = { ...ENV, PREFILTER: { limit }, PREFILTER_REFRESH: { limit }, BREAKER: { limit } }
      const { email } = await insertUser()
      const answer = await loginFrom(freshAddress(), { email }, own)
      expect(answer.status).toBe(200)
      const { refresh_token } = await answer.json<{ refresh_token: string }>()
      expect((await loginFrom(freshAddress(), { email, password: 'wrong' }, own)).status).toBe(401)
      const post = (path: string, json: unknown) =>
        callIn(own, 'POST', path, { json, headers: { 'CF-Connecting-IP': freshAddress() } })
      expect((await post('/user/refresh', { refresh_token })).status).toBe(200)
      expect((await post('/user/password/forgot', { email })).status).toBe(202)
      const registration = { email: nobody(), password: 'a long enough password' }
      await expectProblem(await post('/user/register', registration), 503, 'unavailable') // nothing else bounds this
      expect(log.mock.calls.flat()).toContainEqual(expect.stringContaining('"code":"rate_limiter_failed"'))
      await Promise.all(Array.from({ length: 10 }, () => loginFrom(freshAddress(), { email, password: 'wrong' }, own)))
      expect((await loginFrom(freshAddress(), { email, password: 'wrong' }, own)).status).toBe(429)
    },
  )
})

describe('the bindings', () => {
  // A minute of the clock may end while this counts, once: then it has heard some of both.
  it.each([
    ['/user/login', REFRESH_LIMIT],
    ['/login', REFRESH_LIMIT],
    ['/user/register', LIMIT],
    ['/user/password/forgot', LIMIT],
    ['/user/email/resend', LIMIT],
    ['/user/refresh', REFRESH_LIMIT],
  ])('let one network ask %s %i times in a minute', async (path, limit) => {
    const ip = freshAddress()
    const count = await heard(
      2 * limit + 5,
      () => from(ip),
      () => path,
      CALM,
    )
    expect(count).toBeGreaterThanOrEqual(limit)
    expect(count).toBeLessThanOrEqual(2 * limit)
  })
})

describe('this machine', () => {
  it.each(['127.0.0.1', '127.1.2.3', '::1'])('is not limited as %s', async (ip) => {
    expect(await heard(LIMIT * 2, () => from(ip))).toBe(LIMIT * 2)
  })

  it('is not what comes without an address: that is a service binding', async () => {
    expect(await heard(LIMIT * 2, () => from(''))).toBe(LIMIT)
  })

  it('is what no other address looks like', async () => {
    for (const ip of ['::ffff:127.0.0.1', '12.127.0.1', '::127.0.0.1', '1::1']) {
      const twin = await heard(LIMIT * 2, () => from(ip))
      expect([ip, twin]).toEqual([ip, LIMIT])
    }
  })
})
