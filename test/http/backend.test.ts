import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { isPublicAddress } from '../../src/lib/network.ts'
import {
  bearer,
  callIn,
  CALM,
  expectProblem,
  freshAddress,
  freshDatabase,
  insertUser,
  limiter,
  nobody,
  PASSWORD,
  stateFor,
  withFailures,
} from '../support.ts'

freshDatabase()

const SECRET = 'only-for-tests:-the-secret-of-the-shop'
const OLD = 'only-for-tests:-what-the-shop-had-before'
const TRUSTED_BACKENDS = `shop:${SECRET}, shop:${OLD} app:only-for-tests:-the-secret-of-the-app`
const TRUSTING = { ...CALM, TRUSTED_BACKENDS } as unknown as Env

const named = (ip: string | undefined, backend: string | undefined = `shop:${SECRET}`) => ({
  'CF-Connecting-IP': '198.51.100.1', // the back end's own
  ...(backend !== undefined && { 'Latchkey-Backend': backend }),
  ...(ip !== undefined && { 'Latchkey-Client-IP': ip }),
})

const signIn = (headers: Record<string, string>, json: Record<string, unknown>, own = TRUSTING) =>
  callIn(own, 'POST', '/user/login', { headers, json: { password: PASSWORD, ...json } })

describe('a back end that shows its secret', () => {
  it('names the address of its person, who sees it in the list of sessions and devices', async () => {
    const { email } = await insertUser()
    const ip = freshAddress()
    const answer = await signIn(named(ip), { email })
    expect(answer.status).toBe(200)
    const { access_token } = await answer.json<{ access_token: string }>()
    for (const path of ['/user/sessions', '/user/devices']) {
      const seen = await callIn(TRUSTING, 'GET', path, bearer(access_token))
      expect(await seen.text()).toContain(`"ip":"${ip}"`)
    }
  })

  it('may have two secrets, while one replaces the other', async () => {
    const { email } = await insertUser()
    expect((await signIn(named(freshAddress(), `shop:${OLD}`), { email })).status).toBe(200)
  })

  it.each([
    ['a wrong secret', `shop:${SECRET.slice(1)}`],
    ['the secret of another', 'shop:only-for-tests:-the-secret-of-the-app'],
    ['a name alone', 'shop'],
    ['a secret alone', SECRET],
    ['nothing', ''],
  ])('is unknown with %s, whatever it asks for', async (_, backend) => {
    const answer = await signIn(named(freshAddress(), backend), { email: nobody() })
    expect(answer.headers.get('WWW-Authenticate')).toBe('Bearer realm="latchkey"')
    const problem = await expectProblem(answer, 401, 'unknown_backend')
    expect(JSON.stringify(problem)).not.toContain('only-for-tests')
    const headers = named(freshAddress(), backend)
    await expectProblem(await callIn(TRUSTING, 'GET', '/user/me', { headers }), 401, 'unknown_backend')
  })

  it('is unknown if none is configured, and so is an address without a secret', async () => {
    await expectProblem(await signIn(named(freshAddress()), { email: nobody() }, CALM), 401, 'unknown_backend')
    const { 'Latchkey-Backend': _, ...alone } = named(freshAddress())
    await expectProblem(await signIn(alone, { email: nobody() }), 401, 'unknown_backend')
  })

  it.each([
    undefined,
    '',
    'unknown',
    '127.0.0.1',
    '::1',
    '10.1.2.3',
    '::ffff:192.168.0.1',
    'fe80::1',
    '203.0.113.7, 1.1.1.1',
  ])('is refused where it names %s', async (ip) => {
    await expectProblem(await signIn(named(ip), { email: nobody() }), 400, 'invalid_client_address')
  })

  it('does not use up what another of its people has, nor they what it has itself', async () => {
    const own = { ...TRUSTING, PREFILTER: limiter(false) }
    const [loud, quiet] = [freshAddress(), freshAddress()]
    expect((await signIn(named(loud), { email: nobody() }, own)).status).toBe(401)
    expect((await signIn(named(loud), { email: nobody() }, own)).status).toBe(429)
    expect((await signIn(named(quiet), { email: nobody() }, own)).status).toBe(401)
  })

  it('has a limit in total, whatever it names, and takes nothing from another', async () => {
    const counts = new Map<string, number>()
    const limit: RateLimit['limit'] = ({ key }) => {
      counts.set(key, (counts.get(key) ?? 0) + 1)
      return Promise.resolve({ success: counts.get(key)! <= 600 })
    }
    const own = { ...TRUSTING, PREFILTER_REFRESH: limiter(true), BREAKER: { limit } }
    const knock = (backend?: string) => callIn(own, 'POST', '/user/login', { headers: named(freshAddress(), backend) })
    for (let i = 0; i < 600; i++) expect((await knock()).status).toBe(415)
    await expectProblem(await knock(), 429, 'too_many_attempts')
    await expectProblem(await knock(`shop:${OLD}`), 429, 'too_many_attempts')
    expect((await knock('app:only-for-tests:-the-secret-of-the-app')).status).toBe(415)
  })
})

describe('a network that was only named', () => {
  it('never becomes known, and is not taken for one that is', async () => {
    const { email } = await insertUser()
    const home = freshAddress()
    expect((await signIn(named(home), { email })).status).toBe(200)
    expect((await stateFor(email)).networks).toEqual([])
    expect((await signIn({ 'CF-Connecting-IP': home }, { email })).status).toBe(200)
    expect((await stateFor(email)).networks).toHaveLength(1)
    await stateFor(email, (state) => ({ ...state, ...withFailures(100)(state) }))
    expect((await signIn(named(home), { email })).status).toBe(429)
    expect((await signIn({ 'CF-Connecting-IP': home }, { email })).status).toBe(200)
  })

  it('is refused while a location is too busy', async () => {
    const log = vi.spyOn(console, 'error').mockReturnValue()
    onTestFinished(() => log.mockRestore())
    const { email } = await insertUser()
    const limit: RateLimit['limit'] = ({ key }) => Promise.resolve({ success: key !== 'password work' })
    const own = { ...TRUSTING, BREAKER: { limit } }
    const home = freshAddress()
    expect((await signIn(named(home), { email }, own)).status).toBe(200)
    await expectProblem(await signIn(named(home), { email }, own), 503, 'overloaded')
    await expectProblem(await signIn({ 'CF-Connecting-IP': home }, { email }, own), 503, 'overloaded')
  })

  it('does not become known either when a request has no address, as from a service binding', async () => {
    const { email } = await insertUser()
    expect((await signIn({ 'CF-Connecting-IP': '' }, { email })).status).toBe(200)
    expect((await stateFor(email)).networks).toEqual([])
    await stateFor(email, (state) => ({ ...state, ...withFailures(100)(state) }))
    expect((await signIn({ 'CF-Connecting-IP': '' }, { email })).status).toBe(429)
  })
})

describe('an address on the Internet', () => {
  it.each([
    '8.8.8.8',
    '203.0.113.7',
    '100.63.0.1',
    '100.128.0.1',
    '172.32.0.1',
    '2001:db8::1',
    '::ffff:8.8.8.8',
    '2002:808:808::1',
    '2001:200::1',
    '2001:4860:4860::8888',
    '3fff::1',
    '2A00:1450::1',
  ])('is %s', (ip) => expect(isPublicAddress(ip)).toBe(true))

  it.each(
    (
      '0.0.0.0 10.0.0.1 100.64.0.1 127.0.0.1 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.1 192.168.1.1 198.18.0.1 ' +
      '224.0.0.1 255.255.255.255 :: ::1 ::8.8.8.8 ::ffff:10.0.0.1 ::ffff:7f00:1 fc00::1 fd12::1 fe80::1 ff02::1 ' +
      '64:ff9b::1 2002:7f00:1::1 2002:a00:1::1 2002:c0a8:101:1::1 2001::1 2001:0:4136:e378:8000:63bf:3fff:fdd2 2001:2::1 ' +
      '2001:10::1 2001:1ff:ffff::1 4000::1 1fff::1 256.1.1.1 1.2.3 1.2.3.4. 01.2.3.4 1.2.3.4:80 [2001:db8::1] 2001:db8::1]/x localhost'
    ).split(' '),
  )('is not %s', (ip) => expect(isPublicAddress(ip)).toBe(false))
})
