import bcrypt from 'bcryptjs'
import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from 'vitest'
import {
  callIn,
  CALM,
  counting,
  fresh24,
  freshAddress,
  freshDatabase,
  insertUser,
  nobody,
  PASSWORD,
  stateFor,
} from '../support.ts'

freshDatabase()

/** A storm through the whole service, from each side that requests can come from; many networks are in storm.test.ts. */
const BACKEND = 'shop:only-for-tests:-the-secret-of-the-shop'

let own: Env
let compare: MockInstance<(password: string, hash: string) => Promise<boolean>>
beforeEach(() => {
  const limiters = { PREFILTER: counting(30), PREFILTER_REFRESH: counting(300), BREAKER: counting(600) }
  own = { ...CALM, ...limiters, TRUSTED_BACKENDS: BACKEND } as unknown as Env
  compare = vi.spyOn(bcrypt, 'compare') as typeof compare
})
afterEach(() => compare.mockRestore())

type Headers = Record<string, string>

const login = (headers: Headers, json: Record<string, unknown>) =>
  callIn(own, 'POST', '/user/login', { headers, json: { password: PASSWORD, ...json } })
const compared = (form: RegExp) => compare.mock.calls.filter(([password]) => form.test(password)).length

/** So many guesses at once, in waves. */
async function storm(count: number, guess: (n: number) => [Headers, Record<string, unknown>]): Promise<Set<number>> {
  const statuses = new Set<number>()
  for (let from = 0; from < count; from += 50) {
    const wave = Array.from({ length: 50 }, (_, i) => login(...guess(from + i)))
    for (const { status } of await Promise.all(wave)) statuses.add(status)
  }
  return statuses
}

const throughBackend = (ip: string): Headers => ({
  'CF-Connecting-IP': '198.51.100.1',
  'Latchkey-Backend': BACKEND,
  'Latchkey-Client-IP': ip,
})
const school = fresh24()
const SIDES: [side: string, from: (n: number) => Headers, owners: Headers][] = [
  [
    'one network of many honest people',
    (n) => ({ 'CF-Connecting-IP': `${school}.${n % 250}` }),
    { 'CF-Connecting-IP': `${school}.9` },
  ],
  ['a back end that names addresses', () => throughBackend(freshAddress()), throughBackend('203.0.113.7')],
  ['a service binding that has none', () => ({ 'CF-Connecting-IP': '' }), { 'CF-Connecting-IP': '' }],
]

describe.each(SIDES)('from %s', (_side, from, owners) => {
  it('200 guesses at one account find nothing, cost five hashes, and keep no device out', async () => {
    const { email } = await insertUser()
    const { device_token } = await (
      await login({ 'CF-Connecting-IP': freshAddress() }, { email })
    ).json<{ device_token: string }>()
    const statuses = await storm(200, (n) => [from(n), { email, password: n === 100 ? PASSWORD : `guess ${n}` }])
    expect(statuses).toEqual(new Set([401, 429]))
    expect(compared(/^guess/)).toBe(5)
    expect((await login(from(0), { email })).status).toBe(429) // the right password, of somebody whom nobody knows
    const owner = await login(owners, { email, device_token })
    expect(owner.status).toBe(200)
    expect((await login({ 'CF-Connecting-IP': freshAddress() }, { email, device_token })).status).toBe(200)
    expect((await stateFor(email)).buckets.stranger?.failures).toBe(5)
  })

  it('makes nobody’s network a known one that Cloudflare did not vouch for', async () => {
    const { email } = await insertUser()
    for (let n = 0; n < 3; n++) expect((await login(owners, { email })).status).toBe(200)
    const isVouched = !('Latchkey-Backend' in owners) && owners['CF-Connecting-IP'] !== ''
    expect((await stateFor(email)).networks).toHaveLength(isVouched ? 1 : 0)
  })
})

describe('a spray of one password over 600 names', () => {
  it('from one network has at most 60 compared in a minute, while others go on', async () => {
    const net = fresh24()
    const { email } = await insertUser()
    await storm(600, (n) => [
      { 'CF-Connecting-IP': `${net}.${n % 250}` },
      { email: nobody(), password: 'guess of the year' },
    ])
    expect(compared(/^guess/)).toBeLessThanOrEqual(60)
    expect(compared(/^guess/)).toBeGreaterThan(30)
    expect((await login({ 'CF-Connecting-IP': freshAddress() }, { email })).status).toBe(200)
  })

  it('from a service binding that names nobody is one network’s', async () => {
    await storm(600, () => [{ 'CF-Connecting-IP': '' }, { email: nobody(), password: 'guess of the year' }])
    expect(compared(/^guess/)).toBeLessThanOrEqual(60)
  })

  it('by a back end’s secret that leaked has as many heard as a back end has, whatever its thief names', async () => {
    const [backends, work] = [counting(50), own.BREAKER]
    own = { ...own, BREAKER: { limit: (asked) => (/ backend /.test(asked.key) ? backends : work).limit(asked) } }
    const { email } = await insertUser()
    await storm(200, () => [throughBackend(freshAddress()), { email: nobody(), password: 'guess of the year' }])
    expect(compared(/^guess/)).toBe(50)
    expect((await login({ 'CF-Connecting-IP': freshAddress() }, { email })).status).toBe(200)
  })
})

describe('one visitor of a back end', () => {
  const knocks = async (path: string, ip: string) => {
    const statuses = Array.from({ length: 650 }, () =>
      callIn(own, 'POST', path, { headers: throughBackend(ip), body: 'x' }),
    )
    return (await Promise.all(statuses)).filter(({ status }) => status !== 429).length
  }

  it.each([
    ['/user/login', 300],
    ['/user/refresh', 300],
    ['/user/password/forgot', 30],
  ])('spends nothing of the back end’s total once its network is refused (%s)', async (path, limit) => {
    expect(await knocks(path, '203.0.114.9')).toBe(limit)
    const other = await callIn(own, 'POST', path, { headers: throughBackend('203.0.113.7'), body: 'x' })
    expect(other.status).toBe(415)
  })

  it('keeps no known device out, nor do several who use up the total', async () => {
    const { email } = await insertUser()
    const { device_token } = await (
      await login(throughBackend('203.0.113.7'), { email })
    ).json<{ device_token: string }>()
    for (const ip of ['203.0.114.9', '203.0.115.9', '203.0.116.9']) await knocks('/user/login', ip)
    expect((await login(throughBackend('203.0.113.7'), { email })).status).toBe(429)
    expect((await login(throughBackend('203.0.113.7'), { email, device_token })).status).toBe(200)
    expect((await login(throughBackend('203.0.114.9'), { email, device_token })).status).toBe(200)
  })
})

describe('an address that a back end named', () => {
  it('spends nothing of the real network, nor of the same as another back end names it', async () => {
    const app = 'app:only-for-tests:-the-secret-of-the-app'
    own = { ...own, TRUSTED_BACKENDS: `${BACKEND} ${app}` } as unknown as Env
    const [net, { email }] = ['11.22.33', await insertUser()]
    const named = throughBackend(`${net}.5`)
    const others = [{ 'CF-Connecting-IP': `${net}.7` }, { ...named, 'Latchkey-Backend': app }]
    for (let i = 0; i < 31; i++) await login(named, { email: nobody(), password: 'x' })
    expect((await login(named, { email })).status).toBe(429)
    for (const headers of others) expect((await login(headers, { email })).status).toBe(200)
    const forgot = (headers: Headers) => callIn(own, 'POST', '/user/password/forgot', { headers, body: 'x' })
    for (let i = 0; i < 30; i++) expect((await forgot(named)).status).toBe(415)
    expect((await forgot(named)).status).toBe(429)
    for (const headers of others) expect((await forgot(headers)).status).toBe(415)
  })
})
