import bcrypt from 'bcryptjs'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import {
  callWith,
  CALM,
  expectProblem,
  fresh24,
  freshAddress,
  freshDatabase,
  insertUser,
  loginFrom,
  nobody,
  ORIGIN,
} from '../support.ts'

freshDatabase()

/** What the binding in wrangler.toml lets one network ask of a route in a minute, and of refreshing. */
const LIMIT = 30
const REFRESH_LIMIT = 300

/** Limiters like those of the platform, but that no minute ends while a test counts. */
function counting(limit: number): RateLimit {
  const counts = new Map<string, number>()
  return {
    limit: ({ key }) => {
      const count = (counts.get(key) ?? 0) + 1
      counts.set(key, count)
      return Promise.resolve({ success: count <= limit })
    },
  }
}
const ENDLESS: Env = { ...CALM, PREFILTER: counting(LIMIT), PREFILTER_REFRESH: counting(REFRESH_LIMIT) }

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
  it('tries one password at 10,000 accounts from 1,000 addresses, and has at most a hundred compared', async () => {
    const compare = vi.spyOn(bcrypt, 'compare')
    onTestFinished(() => compare.mockRestore())
    const { email } = await insertUser()
    const prefix = freshAddress().slice(0, -'::1'.length)
    const statuses: Record<number, number> = {}
    for (let i = 0; i < 10_000; i += 20) {
      const wave = Array.from({ length: 20 }, (_, j) => {
        const ip = `${prefix}:${(i + j) % 1_000}:0:${j}:1`
        const name = i + j === 9_999 ? email : nobody()
        return loginFrom(ip, { email: name, password: 'the password of the year' }, CALM)
      })
      for (const { status } of await Promise.all(wave)) statuses[status] = (statuses[status] ?? 0) + 1
    }
    expect(statuses).toEqual({ 401: compare.mock.calls.length, 429: 10_000 - compare.mock.calls.length })
    expect(compare.mock.calls.length).toBeLessThanOrEqual(100)
    expect(compare.mock.calls.length).toBeGreaterThanOrEqual(LIMIT)
  })

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
    expect(
      await heard(
        knocks,
        () => from(ip),
        () => '/user/refresh',
      ),
    ).toBe(REFRESH_LIMIT)
  })
})

describe('the bindings', () => {
  // A minute of the clock may end while this counts, once: then it has heard some of both.
  it.each([
    ['/user/login', LIMIT],
    ['/login', LIMIT],
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
  it.each([['127.0.0.1'], ['127.1.2.3'], ['::1'], [undefined]])('is not limited as %s', async (ip) => {
    expect(await heard(LIMIT * 2, () => (ip === undefined ? {} : from(ip)))).toBe(LIMIT * 2)
  })

  it('is what no other address looks like', async () => {
    for (const ip of ['::ffff:127.0.0.1', '12.127.0.1', '::127.0.0.1', '1::1']) {
      const twin = await heard(LIMIT * 2, () => from(ip))
      expect([ip, twin]).toEqual([ip, LIMIT])
    }
  })
})
