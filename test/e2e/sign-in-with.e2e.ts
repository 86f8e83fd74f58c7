/** The promises to a person who signs in with an account elsewhere, in Chromium, with a real OpenID provider on loopback. */
import { TOTP } from 'otpauth'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { done, words as spoken } from '../../src/features/identities/words.ts'
import { words } from '../words.ts'
import { launchBrowser, openPage, withoutChromium } from './browser.ts'
import { latchkey } from './cli.ts'
import { look, submit } from './look.ts'
import { type Mailbox, openMailbox } from './mailbox.ts'
import { type Providers, startProviders } from './providers/index.ts'
import { TENANT } from './providers/faces.ts'
import type { Forge } from './providers/openid.ts'
import { serve } from './providers/server.ts'
import { accessToken, execute, literal, query, type Service, startService } from './service.ts'

const en = { ...words.en, ...spoken.en }
const ko = { ...words.ko, ...spoken.ko }

const STATUS_NOTE = /^Failed to load resource: the server responded with a status of [45]\d\d/

const LOOKS = [
  { locale: 'en-US', say: en, width: 360, colorScheme: 'light' },
  { locale: 'ko-KR', say: ko, width: 360, colorScheme: 'dark' },
  { locale: 'ko-KR', say: ko, width: 1280, colorScheme: 'light' },
] as const

/** In the order of the buttons. */
const NAMES = ['kakao', 'naver', 'google', 'apple', 'microsoft', 'github', 'oidc'] as const
type Name = (typeof NAMES)[number]
/** Those that vouch for addresses under the settings of this file. */
const VOUCHING = ['kakao', 'google', 'apple', 'microsoft', 'github'] as const
/** Those that a real OpenID provider plays. */
const OPENID = ['kakao', 'google', 'apple', 'microsoft', 'oidc'] as const

const LABELS: Record<string, string[]> = {
  'en-US': [
    'Login with Kakao',
    'Sign in with Naver',
    'Sign in with Google',
    'Sign in with Apple',
    'Sign in with Microsoft',
    'Sign in with GitHub',
    'Sign in with Example ID',
  ],
  'ko-KR': [
    '카카오 로그인',
    '네이버 로그인',
    'Google 계정으로 로그인',
    'Apple로 로그인',
    'Microsoft 계정으로 로그인',
    'GitHub로 로그인',
    'Example ID 계정으로 로그인',
  ],
}

/** Accounts with the password of the demo user, whose addresses were never proven here. Some are connected with Kakao. */
const MEMBERS = [
  'connects-en@example.com',
  'connects-ko@example.com',
  'victim-en@example.com',
  'victim-ko@example.com',
  'second-en@example.com',
  'second-ko@example.com',
] as const

/** What each says of a person so that it vouches for the address. */
const SAID = {
  kakao: {},
  google: { email_verified: true, hd: 'example.com' },
  apple: { email_verified: 'true', is_private_email: 'false' },
  microsoft: { xms_edov: true, tid: TENANT },
  oidc: { email_verified: true },
}

/** What a provider may say wrong in an id token, one at a time. */
const FORGERIES: [what: string, forge: Forge][] = [
  ['signed by a stranger', () => ({ stranger: true })],
  ['of an unknown key', ({ header }) => ({ header: { ...header, kid: 'of-nobody' }, stranger: true })],
  ['alg none', ({ header }) => ({ header: { ...header, alg: 'none' } })],
  ['alg HS256 with the public key', ({ header }) => ({ header: { ...header, alg: 'HS256' } })],
  ['iss of another', ({ claims }) => ({ claims: { ...claims, iss: 'https://accounts.example' } })],
  ['aud of another', ({ claims }) => ({ claims: { ...claims, aud: 'another-client' } })],
  ['azp of another', ({ claims }) => ({ claims: { ...claims, azp: 'another-client' } })],
  ['aud of two, without azp', ({ claims }) => ({ claims: { ...claims, aud: [claims['aud'], 'another-client'] } })],
  ['expired', ({ claims }) => ({ claims: { ...claims, iat: 1_700_000_000, exp: 1_700_000_600 } })],
  ['without exp', ({ claims }) => ({ claims: { ...claims, exp: undefined } })],
  ['nonce of another', ({ claims }) => ({ claims: { ...claims, nonce: 'f'.repeat(64) } })],
  ['without nonce', ({ claims }) => ({ claims: { ...claims, nonce: undefined } })],
  ['without sub', ({ claims }) => ({ claims: { ...claims, sub: undefined } })],
  ['a megabyte long', ({ claims }) => ({ claims: { ...claims, name: 'a'.repeat(1_000_000) } })],
  ['no token at all', () => 'not.a.token'],
]

describe.skipIf(withoutChromium())('signing in with another provider', () => {
  let mailbox: Mailbox
  let providers: Providers
  let service: Service
  let browser: Browser
  let page: Page
  let complaints: string[]
  let admin: string
  let serial = 0

  beforeAll(async () => {
    mailbox = await openMailbox()
    providers = await startProviders()
    service = await startService({ vars: { MAIL_URL: mailbox.url, BCRYPT_COST: '10', ...providers.vars } })
    providers.register(service.url)
    // At once, because each command of wrangler takes seconds.
    await execute(
      service.persistTo,
      `UPDATE users SET roles = '["admin"]' WHERE email = ${literal(service.demo.email)};
       INSERT INTO users (email, hashed_password) SELECT value, hashed_password
       FROM json_each(${literal(JSON.stringify(MEMBERS))}), users WHERE email = ${literal(service.demo.email)};
       INSERT INTO identities (id, issuer, subject, user_id, provider, created_at)
       SELECT 'identity-' || id, ${literal(providers.kakao.issuer)}, CAST(id AS TEXT), id, 'kakao', 1790000000
       FROM users WHERE email LIKE 'second-%';`,
    )
    admin = await accessToken(service.url, service.demo)
    browser = await launchBrowser()
  })
  afterEach(async () => {
    for (const name of OPENID) providers[name].wrong = {}
    await page?.context().close()
  })
  afterAll(async () => {
    await browser?.close()
    await service?.stop()
    await providers?.stop()
    mailbox?.stop()
  })

  describe.each(LOOKS)('$locale, $width pixels, $colorScheme', ({ say, width, ...options }) => {
    it('offers a button for each provider, below what was there, and reads well', async () => {
      await open({ ...options, viewport: { width, height: 740 } })
      for (const path of ['/login', '/register']) {
        await page.goto(service.url + path)
        const buttons = page.locator('.provider')
        expect(await buttons.evaluateAll((all) => all.map((one) => one.className.replace('provider ', '')))).toEqual(
          NAMES,
        )
        expect(await buttons.allInnerTexts()).toEqual(LABELS[options.locale])
        await seen(`${options.locale}-${width}${path.replace('/', '-')}`)
      }
      expect(complaints).toEqual([])
      void say
    })
  })

  it('is reached by keyboard alone, button after button', async () => {
    await open()
    await page.goto(`${service.url}/login`)
    const focused = () => page.evaluate(() => document.activeElement?.className.replace('provider ', ''))
    for (let steps = 0; (await focused()) !== 'kakao' && steps < 20; steps++) await page.keyboard.press('Tab')
    for (const name of NAMES) {
      expect(await focused()).toBe(name)
      await page.keyboard.press('Tab')
    }
    for (let steps = 0; (await focused()) !== 'google'; steps++) await page.keyboard.press('Shift+Tab')
    await page.keyboard.press('Enter')
    await page.waitForURL(`${providers.google.url}/**`)
  })

  describe('from beginning to end', () => {
    it.each(VOUCHING)('registers, signs in again, and is the same person: %s', async (name) => {
      const { login, email } = someone(name)
      await open({ locale: name === 'kakao' ? 'ko-KR' : 'en-US' })
      await signInWith(name, login)
      await expectSignedIn(email)
      const [first] = await identities()
      expect(first).toMatchObject({ provider: name, email })
      expect(await found(email)).toMatchObject([{ email_verified: true }])

      await page.context().clearCookies()
      await signInWith(name, login)
      await expectSignedIn(email)
      expect(await identities()).toEqual([{ ...first, last_used_at: expect.any(Number) as number }])
      expect(seriousComplaints()).toEqual([])
    })
  })

  describe.each([
    { ...LOOKS[0], id: 'en' as const },
    { ...LOOKS[1], id: 'ko' as const },
  ])('an account that exists: $locale', ({ say, width, id, ...options }) => {
    const openNarrow = () => open({ ...options, viewport: { width, height: 740 } })

    it('is connected and disconnected on its page, and its owner is told', async () => {
      const { email } = await member(`connects-${id}@example.com`)
      const { login } = someone('google', `elsewhere-${id}@example.com`)
      await openNarrow()
      await signInByPassword(email, say)
      await page.goto(`${service.url}/account/security`)
      await seen(`${id}-security`)
      await page.getByRole('button', { name: say.connect('Google'), exact: true }).click()
      await page.getByLabel('Login').fill(login)
      await page.getByRole('button', { name: 'Continue' }).click()
      await back()
      expect(await page.locator('.done').innerText()).toBe(done.identity_added[id])
      await seen(`${id}-connected`)
      expect(await identities()).toMatchObject([{ provider: 'google', email: `elsewhere-${id}@example.com` }])
      await page.context().clearCookies({ name: /^latchkey(-renewal)?$/ })
      await signInWith('google', login)
      await expectSignedIn(email)

      await page.context().clearCookies()
      await signInByPassword(email, say)
      await page.goto(`${service.url}/account/security`)
      await submit(page, say.disconnect('Google'))
      expect(await page.locator('.done').innerText()).toBe(done.identity_removed[id])
      expect(await identities()).toEqual([])
      await expect.poll(() => mailbox.arrived().filter((to) => to === email).length).toBeGreaterThanOrEqual(2)
      expect(seriousComplaints()).toEqual([])
    })

    it('is not opened by an address that a provider merely states, or that was never proven here', async () => {
      const { email } = await member(`victim-${id}@example.com`)
      const { login } = someone('microsoft', email)
      providers.microsoft.people.set(login, { ...providers.microsoft.people.get(login), xms_edov: false })
      await openNarrow()
      await signInWith('microsoft', login)
      await expectRefused()
      await seen(`${id}-stated`)

      await signInWith('google', someone('google', email).login)
      await expectRefused()
      await seen(`${id}-not-connected`)
      await signInByPassword(email, say)
      expect(await identities()).toEqual([])
    })

    it('that is new confirms its address by mail where nobody vouches for it', async () => {
      const { login, email } = someone('naver')
      await openNarrow()
      await signInWith('naver', login)
      await expectRefused()
      await seen(`${id}-confirm-first`)
      expect(await found(email)).toMatchObject([{ email_verified: false }])
      await page.goto(service.url + (await mailbox.link(email)))
      await seen(`${id}-confirm`)
      await page.locator('.provider.naver').click()
      await page.getByLabel('Login').fill(login)
      await page.getByRole('button', { name: 'Continue' }).click()
      await back()
      await expectSignedIn(email)
      expect(await found(email)).toMatchObject([{ email_verified: true }])
    })

    it('asks for its second factor, as after a password', async () => {
      const { email, token } = await member(`second-${id}@example.com`)
      const { secret } = (await (await post('/user/totp', undefined, token)).json()) as { secret: string }
      const codeIn = (seconds: number) => new TOTP({ secret }).generate({ timestamp: Date.now() + seconds * 1000 })
      expect((await post('/user/totp/confirm', { code: codeIn(0) }, token)).status).toBe(200)
      const login = String((await found(email))[0]!.user_id)
      providers.kakao.people.set(login, { email: 'other@example.com' })
      await openNarrow()
      await signInWith('kakao', login)
      expect(await page.locator('h1').innerText()).toBe(say.secondStep)
      expect((await page.context().cookies(service.url)).map(({ name }) => name)).not.toContain('latchkey')
      await seen(`${id}-second-step`)
      await page.locator('input[name=totp]').fill(codeIn(30))
      await Promise.all([page.waitForEvent('load'), page.keyboard.press('Enter')])
      await expectSignedIn(email)
    })
  })

  it('is shown to administrators and unlinked by them, in the console, by the API and on the command line', async () => {
    await open()
    admin = await accessToken(service.url, service.demo) // a fresh one
    const cli = (...args: string[]) => latchkey([...args, '--persist-to', service.persistTo])
    const authorized = { headers: { Authorization: `Bearer ${admin}` } }
    for (const way of ['console', 'api', 'cli'] as const) {
      const { login, email } = someone('github')
      await signInWith('github', login)
      await expectSignedIn(email)
      const [{ user_id: id } = { user_id: 0 }] = await found(email)
      await page.context().clearCookies()
      const list = await fetch(`${service.url}/admin/users/${id}/factors`, authorized)
      const { factors } = (await list.json()) as { factors: { id: string; type: string; name: string }[] }
      expect(factors).toMatchObject([{ type: 'identity' }])
      expect(factors[0]!.name).toContain(email)
      if (way === 'api') {
        const path = `${service.url}/admin/users/${id}/factors/${factors[0]!.id}`
        expect((await fetch(path, { method: 'DELETE', ...authorized })).status).toBe(204)
      } else if (way === 'cli') {
        expect((await cli('users', 'factors', email)).stdout).toContain(email)
        expect((await cli('users', 'factors', 'remove', email, factors[0]!.id)).code).toBe(0)
      } else {
        await signInByPassword(service.demo.email, en)
        await page.goto(`${service.url}/console/users/${id}`)
        await seen('console')
        await page.getByRole('link', { name: en.removeFactor }).click()
        await seen('console-remove')
        await submit(page, `${en.removeFactor}: ${factors[0]!.name}, ${email}`)
        await page.context().clearCookies()
      }
      const left = await fetch(`${service.url}/admin/users/${id}/factors`, authorized)
      expect(await left.json()).toEqual({ factors: [], recovery_codes_left: 0 })
      const trail = await fetch(`${service.url}/admin/audit?user_id=${id}&event=factors_removed`, authorized)
      expect(((await trail.json()) as { events: unknown[] }).events).toHaveLength(1)
      // The person is no longer known by it, but still reads the mailbox that GitHub vouches for.
      await signInWith('github', login)
      await expectSignedIn(email)
      expect((await found(email)).map(({ user_id }) => user_id)).toEqual([id])
      await page.context().clearCookies()
    }
  })

  it('is in the export, and goes with the account', async () => {
    const { login, email } = someone('apple')
    await open()
    await signInWith('apple', login)
    const exported = await page.request.get(`${service.url}/user/me/export`)
    expect(exported.status()).toBe(200)
    const { identities: held } = (await exported.json()) as { identities: object[] }
    expect(held).toMatchObject([{ provider: 'apple', issuer: providers.apple.issuer, subject: login, email }])
    const [{ user_id: id } = { user_id: 0 }] = await found(email)
    admin = await accessToken(service.url, service.demo) // a fresh one
    const gone = await fetch(`${service.url}/admin/users/${id}`, {
      method: 'DELETE',
      headers: { Authorization: `Bearer ${admin}` },
    })
    expect(gone.status).toBe(204)
    const rows = await query(service.persistTo, `SELECT id FROM identities WHERE subject = ${literal(login)}`)
    expect(rows).toEqual([])
  })

  // Without a browser, which would show the same: the way is the same, and a browser adds seconds to each.
  describe('an id token that is wrong', () => {
    it('is the only thing that is wrong with what follows', async () => {
      const { login, email } = someone('google')
      const { status, cookies } = await walk(login)
      expect(status).toBe(303)
      expect(cookies).toContain('latchkey')
      expect(await users(email)).toBe(1)
    })

    it.each(FORGERIES)('%s: a page with a reason, and nothing else', async (_what, forge) => {
      const { login, email } = someone('google')
      providers.google.wrong = { idToken: forge }
      const { status, page, cookies } = await walk(login)
      expect(status).toBe(400)
      expect(cookies).not.toContain('latchkey')
      expect(page).toContain('id="problem"')
      expect(page).not.toMatch(/latchkey-e2e|JWT|signature/i) // nothing of what was sent, and no reason for a forger
      expect(await users(email)).toBe(0)
    })
  })

  describe('the way back', () => {
    it('of somebody who turned back leads to the other ways in', async () => {
      for (const name of ['google', 'apple', 'naver', 'github'] as const) {
        await open()
        await begin(name)
        await page.getByRole('button', { name: 'Cancel' }).click()
        await back()
        expect(page.url()).toBe(`${service.url}/login?done=turned_back`)
        expect((await page.context().cookies(service.url)).map(({ name }) => name)).not.toContain('latchkey')
        await page.context().close()
      }
    })

    it('works once', async () => {
      const { login, email } = someone('google')
      await open()
      const answer = await answerOf(page, login)
      await page.goto(answer)
      await expectSignedIn(email)
      const before = asked('google')
      await page.context().clearCookies({ name: /^latchkey(-renewal)?$/ })
      await page.goto(answer)
      await expectRefused()
      expect(asked('google')).toBe(before)
    })

    it('works only in the browser that began, for the provider that it began with', async () => {
      const { login, email } = someone('google')
      await open()
      const [other] = await openPage(browser)
      const answer = await answerOf(page, login)
      const before = asked('google') + asked('oidc')
      for (const [where, address] of [
        [other, answer],
        [page, answer.replace('/google/', '/oidc/')],
        [page, answer.replace(/state=[^&]+/, 'state=0')],
        [page, answer.replace(/state=[^&]+&/, '')],
      ] as const) {
        await where.goto(address)
        await expectRefused(where)
      }
      expect(asked('google') + asked('oidc')).toBe(before)
      await page.goto(answer)
      await expectSignedIn(email)
      await other.context().close()
    })

    it('with the code of somebody else is refused by the provider, because the verifier is another one', async () => {
      const [victim, thief] = [someone('google'), someone('google')]
      const [other] = await openPage(browser)
      const stolen = new URL(await answerOf(other, thief.login)).searchParams.get('code')!
      await open()
      await page.goto((await answerOf(page, victim.login)).replace(/code=[^&]+/, `code=${stolen}`))
      await expectRefused()
      expect([await users(victim.email), await users(thief.email)]).toEqual([0, 0])
      await other.context().close()
    })

    it('with another issuer, or none, is refused before anything is asked (RFC 9207)', async () => {
      const { login } = someone('oidc')
      for (const iss of ['&iss=https%3A%2F%2Fattacker.example', '']) {
        await open()
        const answer = await answerOf(page, login, 'oidc')
        const before = asked('oidc')
        await page.goto(answer.replace(/&iss=[^&]+/, iss))
        await expectRefused()
        expect(asked('oidc')).toBe(before)
        await page.context().close()
      }
    })
  })

  describe('a provider that fails', () => {
    it('GitHub: with an error under status 200, or without a proven address', async () => {
      await open()
      const { login, email } = someone('github')
      providers.github.wrong = { token: { error: 'incorrect_client_credentials', error_description: 'x' } }
      await signInWith('github', login)
      await expectRefused()
      providers.github.wrong = { emails: { message: 'Not Found' } }
      await signInWith('github', login)
      await expectRefused()
      providers.github.wrong = {}
      expect(await users(email)).toBe(0)
    })

    it('Naver: with an error under status 200, or with a profile that is none', async () => {
      await open({ locale: 'ko-KR' })
      const { login, email } = someone('naver')
      providers.naver.wrong = { token: { error: 'invalid_request', error_description: 'no valid data in session' } }
      await signInWith('naver', login)
      await expectRefused()
      await seen('naver-failed')
      providers.naver.wrong = {
        profile: { resultcode: '024', message: 'Authentication failed (인증 실패하였습니다.)' },
      }
      await signInWith('naver', login)
      await expectRefused()
      providers.naver.wrong = {}
      expect(await users(email)).toBe(0)
    })

    it('Kakao: whose API names another user than the id token', async () => {
      await open()
      const { login, email } = someone('kakao')
      providers.kakao.people.set(login, { ...providers.kakao.people.get(login), id: 1 })
      await signInWith('kakao', login)
      await expectRefused()
      expect(await users(email)).toBe(0)
    })

    it('by not answering: a page with a reason within 12 seconds, while everything else goes on', async () => {
      await open()
      const { login, email } = someone('google')
      providers.google.wrong = { hang: '/token' }
      await begin('google')
      await page.getByLabel('Login').fill(login)
      const began = Date.now()
      await page.getByRole('button', { name: 'Continue' }).click()
      for (let i = 0; i < 3; i++) {
        expect((await fetch(`${service.url}/health`, { signal: AbortSignal.timeout(3000) })).status).toBe(200)
        await users(email)
      }
      await back()
      await expectRefused()
      expect(Date.now() - began).toBeLessThan(12_000)
    })

    it('by discovery that lies: no request goes where no setting leads', async () => {
      const trap = await serve()
      trap.mount('', (_, response) => void response.end('{}'))
      const lying = await startProviders()
      const other = await startService({ vars: lying.vars })
      try {
        lying.register(other.url)
        for (const endpoint of ['token_endpoint', 'jwks_uri', 'authorization_endpoint', 'issuer']) {
          lying.oidc.wrong = { discovery: (document) => ({ ...document, [endpoint]: `${trap.url}/anywhere` }) }
          await open()
          await page.goto(`${other.url}/login/with/oidc`)
          await expectRefused()
          expect(trap.requests, endpoint).toEqual([])
          await page.context().close()
        }
      } finally {
        await Promise.all([other.stop(), lying.stop(), trap.stop()])
      }
    })
  })

  /** Opens a window of its own. */
  async function open(options: BrowserContextOptions = {}): Promise<void> {
    ;[page, complaints] = await openPage(browser, options)
    page.setDefaultTimeout(20_000)
  }

  const seen = (name: string) => look(page, `with-${name}`, true)

  const seriousComplaints = () => complaints.filter((text) => !STATUS_NOTE.test(text))

  /** Somebody who has an account at a provider, with an address that the provider vouches for if it ever does. */
  function someone(name: Name, email = `${name}-${++serial}@example.com`): { login: string; email: string } {
    const login = String(1000 + serial)
    const person = { email, name: `Person ${serial}` }
    if (name === 'github') {
      const emails = [{ email, primary: true, verified: true, visibility: null }]
      providers.github.people.set(login, { id: Number(login), login: `person-${serial}`, name: null, emails })
    } else if (name === 'naver') providers.naver.people.set(login, { id: `naver-${login}`, email, nickname: '아무개' })
    else providers[name].people.set(login, { ...person, ...SAID[name] })
    return { login, email }
  }

  /** Presses the button of a provider. */
  async function begin(name: Name): Promise<void> {
    await page.goto(`${service.url}/login`)
    await page.locator(`.provider.${name}`).click()
    await page.waitForLoadState()
  }

  /** Waits until the browser is back from the provider, and where it is sent then. */
  async function back(where = page): Promise<void> {
    await where.waitForURL((url) => url.hostname === 'localhost', { waitUntil: 'load' })
    await where.waitForLoadState('networkidle')
  }

  /** Presses the button, and signs in there. Whoever is signed in there comes back at once. */
  async function signInWith(name: Name, login: string): Promise<void> {
    await begin(name)
    if (new URL(page.url()).hostname !== 'localhost') {
      await page.getByLabel('Login').fill(login)
      await page.getByRole('button', { name: 'Continue' }).click()
    }
    await back()
  }

  /** The address with which a provider would send a person back, who does not go there. */
  async function answerOf(where: Page, login: string, name: 'google' | 'oidc' = 'google'): Promise<string> {
    let answer = ''
    providers[name].wrong = { answer: (callback) => ((answer = callback), `${providers[name].url}/parked`) }
    await where.goto(`${service.url}/login/with/${name}`)
    await where.getByLabel('Login').fill(login)
    await where.getByRole('button', { name: 'Continue' }).click()
    await where.waitForURL('**/parked')
    providers[name].wrong = {}
    return answer
  }

  /** How often a code was shown to a provider. */
  const asked = (name: Name) => providers.requests.filter((one) => one === `POST /${name}/token`).length

  /** Signs in at Google as a browser does, and returns the last answer and the cookies of the service. */
  async function walk(login: string): Promise<{ status: number; page: string; cookies: string[] }> {
    const jars: Record<string, Map<string, string>> = { localhost: new Map(), '127.0.0.1': new Map() }
    const ask = async (address: string, init: RequestInit = {}): Promise<Response> => {
      const jar = jars[new URL(address).hostname]!
      const cookie = [...jar].map((pair) => pair.join('=')).join('; ')
      const answer = await fetch(address, { ...init, redirect: 'manual', headers: { Cookie: cookie } })
      for (const text of answer.headers.getSetCookie()) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(text) ?? []
        if (value === '') jar.delete(name)
        else jar.set(name, value)
      }
      return answer
    }
    const next = (answer: Response, address: string) => new URL(answer.headers.get('Location') ?? '', address).href
    let address = `${service.url}/login/with/google`
    for (let steps = 0; steps < 10; steps++) {
      const isForm = address.includes('/interaction/')
      const fields = new URLSearchParams({ login, do: 'continue' })
      const answer = await ask(address, isForm ? { method: 'POST', body: fields } : {})
      if (address.includes('/callback'))
        return { status: answer.status, page: await answer.text(), cookies: [...jars['localhost']!.keys()] }
      address = next(answer, address)
    }
    throw new Error(`It ended at ${address}.`)
  }

  async function expectSignedIn(email: string): Promise<void> {
    await page.goto(`${service.url}/account`)
    expect(new URL(page.url()).pathname).toBe('/account')
    expect(await page.getByText(email).first().isVisible()).toBe(true)
  }

  /** A page with a reason, and nobody is signed in. */
  async function expectRefused(where = page): Promise<void> {
    expect(await where.locator('#problem').isVisible(), await where.content()).toBe(true)
    expect((await where.locator('#problem').innerText()).length).toBeGreaterThan(10)
    const names = (await where.context().cookies(service.url)).map(({ name }) => name)
    expect(names).not.toContain('latchkey')
  }

  async function identities(): Promise<{ id?: string; provider: string; email: string }[]> {
    const answer = await page.request.get(`${service.url}/user/identities`)
    expect(answer.status()).toBe(200)
    return ((await answer.json()) as { identities: { provider: string; email: string }[] }).identities
  }

  /** The account of a member, and a session of it. */
  async function member(email: (typeof MEMBERS)[number]): Promise<{ email: string; token: string }> {
    return { email, token: await accessToken(service.url, { email, password: service.demo.password }) }
  }

  async function signInByPassword(email: string, say: typeof en | typeof ko): Promise<void> {
    await page.goto(`${service.url}/login?return_to=/account`)
    await page.locator('#email').fill(email)
    await page.locator('#password').fill(service.demo.password)
    await submit(page, say.signIn)
  }

  const post = (path: string, body: object | undefined, token: string): Promise<Response> =>
    fetch(service.url + path, {
      method: 'POST',
      headers: { Authorization: `Bearer ${token}`, ...(body && { 'Content-Type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    })

  async function found(email: string): Promise<{ user_id: number; email_verified: boolean }[]> {
    const headers = { Authorization: `Bearer ${admin}` }
    const answer = await fetch(`${service.url}/admin/users?email=${encodeURIComponent(email)}`, { headers })
    expect(answer.status).toBe(200)
    return ((await answer.json()) as { users: { user_id: number; email_verified: boolean }[] }).users
  }
  const users = async (email: string) => (await found(email)).length
})
