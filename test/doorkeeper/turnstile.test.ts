import bcrypt from 'bcryptjs'
import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from 'vitest'
import { config, warnings } from '../../src/config.ts'
import { words } from '../words.ts'
import {
  callWith,
  CALM,
  clock,
  ENV,
  expectProblem,
  fresh24,
  freshAddress,
  freshDatabase,
  insertUser,
  leadsTo,
  limiter,
  loginFrom,
  nobody,
  now,
  ORIGIN,
  PASSWORD,
  SAME_ORIGIN,
  stateFor,
  withFailures,
} from '../support.ts'

freshDatabase()

const TURNSTILE_SECRET = 'canary-of-the-secret-of-the-challenge'
const TURNSTILE_VERIFY_URL = 'https://challenge.example/verify'
const CHALLENGING = { ...CALM, TURNSTILE_SECRET, TURNSTILE_VERIFY_URL } as unknown as Env

/** What Cloudflare says of a challenge that the login form of one of our pages had solved. */
const SOLVED = { success: true, hostname: 'login.example', action: 'login', 'error-codes': [] }

let compare: MockInstance
let asked: MockInstance<typeof fetch>
let logged: MockInstance
/** What the service of the challenge says. */
let verdict: (init: RequestInit) => Promise<Response>
const solves = (init: RequestInit) =>
  Promise.resolve(Response.json({ ...SOLVED, success: (init.body as URLSearchParams).get('response') === 'solved' }))

beforeEach(() => {
  verdict = solves
  compare = vi.spyOn(bcrypt, 'compare')
  logged = vi.spyOn(console, 'error')
  asked = vi.spyOn(globalThis, 'fetch').mockImplementation((_url, init) => verdict(init ?? {}))
})
afterEach(() => {
  expect(JSON.stringify(logged.mock.calls)).not.toContain('canary')
  vi.restoreAllMocks()
})

/** Somebody at whose account strangers have nothing left for a quarter of an hour. */
async function besieged(): Promise<string> {
  const { email } = await insertUser()
  await stateFor(email, withFailures(20, now() + 900))
  compare.mockClear()
  return email
}

type Attempt = { email: string; password?: string; turnstile_token?: string; device_token?: string }

/** An answer, of which no part says the secret. */
async function attempt(json: Attempt, own = CHALLENGING, ip = freshAddress()): Promise<Response> {
  const answer = await loginFrom(ip, json, own)
  expect(JSON.stringify([...answer.headers]) + (await answer.clone().text())).not.toContain('canary')
  return answer
}

const failuresOf = async (email: string) =>
  Object.fromEntries(Object.entries((await stateFor(email)).buckets).map(([name, bucket]) => [name, bucket?.failures]))

describe('where challenges are set up', () => {
  it('a stranger who must wait is asked to solve one instead', async () => {
    const email = await besieged()
    const answer = await attempt({ email })
    expect(answer.headers.get('Retry-After')).toBe('900')
    expect(answer.headers.get('Cache-Control')).toBe('no-store')
    expect(await expectProblem(answer, 429, 'challenge_required')).toMatchObject({
      title: 'Please solve the challenge, or try again later.',
    })
    expect(asked).not.toHaveBeenCalled()
    expect(compare).not.toHaveBeenCalled()
  })

  it('the same is asked for a name that nobody has', async () => {
    const [email, unknown] = [await besieged(), nobody()]
    await stateFor(unknown, withFailures(20, now() + 900))
    const texts = []
    for (const name of [email, unknown]) {
      const unsolved = await attempt({ email: name, turnstile_token: 'unsolved' })
      const text = (await unsolved.text()).replace(/"request_id":"[^"]+"/, '')
      texts.push([unsolved.status, unsolved.headers.get('Retry-After'), text])
    }
    expect(texts[1]).toEqual(texts[0])
    await expectProblem(await attempt({ email: unknown, turnstile_token: 'solved' }), 401, 'invalid_credentials')
  })

  it('who solved it is heard, the service having been asked with the secret and the address', async () => {
    const email = await besieged()
    const ip = freshAddress()
    const wrong = await attempt({ email, password: 'wrong', turnstile_token: 'solved' }, CHALLENGING, ip)
    await expectProblem(wrong, 401, 'invalid_credentials')
    const [[url, init]] = asked.mock.calls as [[string, RequestInit]]
    expect([url, init.method]).toEqual([TURNSTILE_VERIFY_URL, 'POST'])
    expect(Object.fromEntries(init.body as URLSearchParams)).toEqual({
      secret: TURNSTILE_SECRET,
      response: 'solved',
      remoteip: ip,
    })
    expect((await attempt({ email, turnstile_token: 'solved' })).status).toBe(200)
  })

  it('who solved it has a budget of that, and takes nothing from strangers', async () => {
    const email = await besieged()
    const solved = (password: string) => attempt({ email, password, turnstile_token: 'solved' })
    for (let i = 1; i <= 5; i++) {
      await expectProblem(await solved('wrong'), 401, 'invalid_credentials')
      expect(await failuresOf(email)).toEqual({ stranger: 20, challenged: i })
    }
    const answer = await solved(PASSWORD)
    expect(answer.headers.get('Retry-After')).toBe('1')
    await expectProblem(answer, 429, 'too_many_attempts')
    expect(compare).toHaveBeenCalledTimes(5)
    clock.forward(1)
    expect((await solved(PASSWORD)).status).toBe(200)
    expect(await failuresOf(email)).toEqual({ stranger: 20 })
  })

  it('none is asked for that could not help: where the hour has nothing left, or those who solved one', async () => {
    const email = await besieged()
    await stateFor(email, (state) => ({ ...state, hour: { started_at: now() - 600, attempts: 60 } }))
    for (const json of [{}, { turnstile_token: 'solved' }]) {
      const answer = await attempt({ email, ...json })
      expect(answer.headers.get('Retry-After')).toBe('3000')
      await expectProblem(answer, 429, 'too_many_attempts')
    }
    expect(asked).not.toHaveBeenCalled()
    clock.forward(3_000)
    await stateFor(email, withFailures(20, now() + 900))
    await expectProblem(await attempt({ email }), 429, 'challenge_required')
    const solvers = { failures: 6, blocked_until: now() + 2, used_at: now() }
    await stateFor(email, (state) => ({ ...state, buckets: { ...state.buckets, challenged: solvers } }))
    const answer = await attempt({ email })
    expect(answer.headers.get('Retry-After')).toBe('2')
    await expectProblem(answer, 429, 'too_many_attempts')
  })

  it('a hundred solved challenges are enough, for good', async () => {
    const email = await besieged()
    const bucket = { failures: 100, blocked_until: 0, used_at: 0 }
    await stateFor(email, (state) => ({ ...state, buckets: { stranger: bucket, challenged: bucket } }))
    clock.forward(7 * 86_400)
    const answer = await attempt({ email, turnstile_token: 'solved' })
    await expectProblem(answer, 429, 'too_many_attempts')
    expect(compare).not.toHaveBeenCalled()
  })

  const doubtful: Record<string, (init: RequestInit) => Promise<Response>> = {
    'is not solved': () =>
      Promise.resolve(Response.json({ success: false, 'error-codes': ['invalid-input-response'] })),
    'is answered for with a text': () => Promise.resolve(Response.json({ ...SOLVED, success: 'true' })),
    'was solved at another host': () => Promise.resolve(Response.json({ ...SOLVED, hostname: 'evil.example' })),
    'was solved at a host below ours': () => Promise.resolve(Response.json({ ...SOLVED, hostname: 'x.login.example' })),
    'was solved nowhere that is told': () => Promise.resolve(Response.json({ success: true, action: 'login' })),
    'was solved in another form': () => Promise.resolve(Response.json({ ...SOLVED, action: 'newsletter' })),
    'was solved in a form without a name': () => Promise.resolve(Response.json({ ...SOLVED, action: '' })),
    'is solved, and names a list of hosts': () =>
      Promise.resolve(Response.json({ ...SOLVED, hostname: ['login.example'] })),
    'is answered for with a list': () => Promise.resolve(Response.json([true])),
    'is answered for with null': () => Promise.resolve(Response.json(null)),
    'is answered for with a page': () => Promise.resolve(new Response('<h1>Bad gateway</h1>', { status: 502 })),
    'cannot be asked about': () => Promise.reject(new Error(`connect to ${TURNSTILE_SECRET} failed`)),
  }
  it.each(Object.entries(doubtful))('a challenge that %s is none', async (_name, says) => {
    const email = await besieged()
    verdict = says
    await expectProblem(await attempt({ email, turnstile_token: 'solved' }), 429, 'challenge_required')
    expect(asked).toHaveBeenCalledTimes(1)
    expect(compare).not.toHaveBeenCalled()
    expect(await failuresOf(email)).toEqual({ stranger: 20 })
  })

  it.each([
    ['a page that may call us', {}, 'app.example', 200],
    ['a host that is set', { TURNSTILE_HOSTNAMES: 'shop.example, www.shop.example' }, 'www.shop.example', 200],
    ['a host of ours, where others are set', { TURNSTILE_HOSTNAMES: 'shop.example' }, 'login.example', 429],
    ['a host of nobody, where there is none', { PUBLIC_URL: '', ALLOWED_ORIGINS: '' }, '', 429],
  ])('a challenge that was solved at %s', async (_where, more, hostname, status) => {
    const email = await besieged()
    verdict = () => Promise.resolve(Response.json({ ...SOLVED, hostname }))
    const own = { ...CHALLENGING, ...more } as unknown as Env
    expect((await attempt({ email, turnstile_token: 'solved' }, own)).status).toBe(status)
  })

  it('a challenge whose service is silent is none after five seconds', async () => {
    const email = await besieged()
    const timeout = vi.spyOn(AbortSignal, 'timeout').mockImplementation(() => AbortSignal.abort())
    verdict = ({ signal }) =>
      new Promise((_resolve, reject) => {
        if (signal?.aborted) reject(new DOMException('The operation timed out.', 'TimeoutError'))
      })
    await expectProblem(await attempt({ email, turnstile_token: 'solved' }), 429, 'challenge_required')
    expect(timeout).toHaveBeenCalledExactlyOnceWith(5_000)
    expect(compare).not.toHaveBeenCalled()
  })

  it('nobody is asked about a challenge that was not needed, or not sent', async () => {
    const { email } = await insertUser()
    await expectProblem(
      await attempt({ email, password: 'wrong', turnstile_token: 'solved' }),
      401,
      'invalid_credentials',
    )
    expect(await failuresOf(email)).toEqual({ stranger: 1 })
    expect((await attempt({ email, turnstile_token: 'unsolved' })).status).toBe(200)
    expect(asked).not.toHaveBeenCalled()
  })

  it('the owner of a device waits for its own budget, and a solved challenge does not add to it', async () => {
    const { email } = await insertUser()
    const answer = await loginFrom(freshAddress(), { email }, CHALLENGING)
    const { device_token } = await answer.json<{ device_token: string }>()
    const fail = (json = {}) => attempt({ email, password: 'wrong', device_token, ...json })
    for (let i = 0; i < 5; i++) await fail()
    for (const json of [{}, { turnstile_token: 'solved' }]) {
      await expectProblem(await fail(json), 429, 'too_many_attempts')
    }
    expect(asked).not.toHaveBeenCalled()
    await stateFor(email, (state) => ({ ...state, ...withFailures(100)(state) }))
    expect((await attempt({ email, device_token })).status).toBe(200)
  })

  it('somebody in a network that is known, and has nothing left, is heard after a challenge', async () => {
    const { email } = await insertUser()
    const home = fresh24()
    expect((await loginFrom(`${home}.1`, { email }, CHALLENGING)).status).toBe(200)
    const neighbour = (json: Partial<Attempt>) => attempt({ email, ...json }, CHALLENGING, `${home}.2`)
    for (let i = 0; i < 5; i++) await neighbour({ password: 'wrong' })
    await expectProblem(await neighbour({}), 429, 'challenge_required')
    expect((await neighbour({ turnstile_token: 'solved' })).status).toBe(200)
    expect(await failuresOf(email)).toEqual({ [`network ${home}.0/24`]: 5 })
  })
})

describe('the hosted login page', () => {
  const HOSTED = { ...CHALLENGING, TURNSTILE_SITE_KEY: '1x00000000000000000000AA' } as unknown as Env
  const post = (form: Record<string, string>, own = HOSTED) =>
    callWith(own, `${ORIGIN}/login`, {
      method: 'POST',
      redirect: 'manual',
      body: new URLSearchParams(form),
      headers: { ...SAME_ORIGIN, 'CF-Connecting-IP': freshAddress(), 'Accept-Language': 'ko' },
    })
  const policyOf = ({ headers }: Response) => headers.get('Content-Security-Policy')!

  it('shows the challenge to who would have to wait, with a policy for it, and takes it as solved', async () => {
    const email = await besieged()
    const answer = await post({ email, password: PASSWORD, keep: 'on', return_to: '/account' })
    const html = await answer.text()
    expect([answer.status, answer.headers.get('Retry-After')]).toEqual([429, '900'])
    expect(html).toMatch(
      /<form method="post" action="\/login">.*<div class="cf-turnstile" data-sitekey="1x0+AA" data-action="login" data-language="ko".*<\/form>/,
    )
    expect(html).toContain('<script src="https://challenges.cloudflare.com/turnstile/v0/api.js" async="" defer="">')
    expect(html).toContain(`<noscript><p>${words.ko.challengeNeedsScript}</p></noscript>`)
    expect(policyOf(answer)).toContain("script-src 'self' https://challenges.cloudflare.com; ")
    expect(policyOf(answer)).toContain('frame-src https://challenges.cloudflare.com; ')
    expect(html).not.toContain('canary')
    const form = { email, password: PASSWORD, return_to: '/account' }
    for (const token of ['', 'unsolved']) {
      expect((await post({ ...form, 'cf-turnstile-response': token })).status).toBe(429)
    }
    const solved = await post({ ...form, 'cf-turnstile-response': 'solved' })
    expect(leadsTo(solved)).toEqual([303, '/account'])
    expect(asked).toHaveBeenCalledTimes(2) // nobody asks about an empty one
  })

  it('shows none on any other page, where none could help, and where only one of the two is set', async () => {
    const [email, { email: calm }] = [await besieged(), await insertUser()]
    const busy = { ...HOSTED, PREFILTER: limiter(false), PREFILTER_REFRESH: limiter(false) } as Env
    const pages = [
      await callWith(HOSTED, `${ORIGIN}/login`),
      await post({ email: calm, password: 'wrong' }),
      await post({ email, password: PASSWORD }, busy),
      await post({ email, password: PASSWORD }, CHALLENGING),
      await post({ email, password: PASSWORD }, { ...HOSTED, TURNSTILE_SECRET: '' } as unknown as Env),
    ]
    expect(pages.map(({ status }) => status)).toEqual([200, 401, 429, 429, 429])
    for (const answer of pages) {
      expect(policyOf(answer)).not.toMatch(/cloudflare|frame-src/)
      expect(await answer.text()).not.toContain('turnstile')
    }
  })

  it('is told by the check of the settings if one of the two is missing', () => {
    const told = (own: object) =>
      warnings(config({ ...ENV, ...own })).filter(({ field }) => field.startsWith('TURNSTILE'))
    expect(told({ TURNSTILE_SITE_KEY: 'x' })).toEqual([{ field: 'TURNSTILE_SECRET', code: 'missing' }])
    expect(told({ TURNSTILE_SECRET: 'x' })).toEqual([
      { field: 'TURNSTILE_SITE_KEY', code: 'no_challenge_on_hosted_page' },
    ])
    expect(told({ TURNSTILE_SITE_KEY: 'x', TURNSTILE_SECRET: 'x' })).toEqual([])
  })
})

describe('where no challenges are set up', () => {
  it('a token of one is nothing, and nobody is asked about it', async () => {
    const email = await besieged()
    await expectProblem(await attempt({ email, turnstile_token: 'solved' }, CALM), 429, 'too_many_attempts')
    expect(asked).not.toHaveBeenCalled()
    expect(compare).not.toHaveBeenCalled()
  })
})
