/** The promises to a person who signs in with an account elsewhere, in Chromium, with a real OpenID provider on loopback. */
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { words as own } from '../../src/features/identities/words.ts'
import { words } from '../words.ts'
import { launchBrowser, openPage, withoutChromium } from './browser.ts'
import { look } from './look.ts'
import { type Mailbox, openMailbox } from './mailbox.ts'
import { type Providers, startProviders } from './providers/index.ts'
import { TENANT } from './providers/faces.ts'
import type { Forge } from './providers/openid.ts'
import { serve } from './providers/server.ts'
import { accessToken, execute, literal, type Service, startService } from './service.ts'

const en = { ...words.en, ...own.en }
const ko = { ...words.ko, ...own.ko }

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
    'Example ID로 로그인',
  ],
}

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
  ['without exp', ({ claims: { exp, ...claims } }) => (void exp, { claims })],
  ['nonce of another', ({ claims }) => ({ claims: { ...claims, nonce: 'f'.repeat(64) } })],
  ['without nonce', ({ claims: { nonce, ...claims } }) => (void nonce, { claims })],
  ['without sub', ({ claims: { sub, ...claims } }) => (void sub, { claims })],
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
    await execute(
      service.persistTo,
      `UPDATE users SET roles = '["admin"]' WHERE email = ${literal(service.demo.email)};`,
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
        expect(await buttons.evaluateAll((all) => all.map((one) => one.className.replace('provider ', '')))).toEqual(NAMES)
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
    it.each(VOUCHING)('registers, signs in again, and is unlinked only while another way is left: %s', async (name) => {
      const { login, email } = someone(name)
      await open({ locale: name === 'kakao' ? 'ko-KR' : 'en-US' })
      await signInWith(name, login)
      await expectSignedIn(email)
      const [first] = await identitiesOf(email)
      expect(first).toMatchObject({ provider: name, email })
      expect(await found(email)).toMatchObject([{ email_verified: true }])

      await page.context().clearCookies()
      await signInWith(name, login)
      await expectSignedIn(email)
      expect(await identitiesOf(email)).toEqual([first])
      expect(seriousComplaints()).toEqual([])
    })
  })

  describe('an id token that is wrong', () => {
    it.each(FORGERIES)('%s: a page with a reason, and nothing else', async (_what, forge) => {
      const { login, email } = someone('google')
      await open()
      providers.google.wrong = { idToken: forge }
      await signInWith('google', login)
      await expectRefused()
      expect(await users(email)).toBe(0)
    })
  })

  describe('the way back', () => {
    it('with a refusal of the person says so, and offers the other ways', async () => {
      for (const name of ['google', 'apple', 'naver', 'github'] as const) {
        await open()
        await begin(name)
        await page.getByRole('button', { name: 'Cancel' }).click()
        await back()
        await expectRefused()
        await seen(`cancelled-${name}`)
        await page.context().close()
      }
    })

    it('works once', async () => {
      const { login, email } = someone('google')
      await open()
      let answer = ''
      page.on('request', (request) => {
        if (request.url().includes('/callback?')) answer = request.url()
      })
      await signInWith('google', login)
      await expectSignedIn(email)
      const before = providers.requests.length
      await page.context().clearCookies({ name: 'latchkey' })
      await page.goto(answer)
      await expectRefused()
      expect(providers.requests.length).toBe(before)
    })

    it('works only in the browser that began, for the provider that it began with', async () => {
      const { login } = someone('google')
      await open()
      const [other] = await openPage(browser)
      let answer = ''
      await page.route('**/login/with/google/callback?*', (route) => {
        answer = route.request().url()
        return route.abort()
      })
      await begin('google')
      await page.getByLabel('Login').fill(login)
      await page.getByRole('button', { name: 'Continue' }).click()
      await expect.poll(() => answer).not.toBe('')
      const asked = providers.requests.filter((one) => one.endsWith('/google/token')).length
      for (const [where, address] of [
        [other, answer],
        [page, answer.replace('/google/', '/oidc/')],
        [page, answer.replace(/state=[^&]+/, 'state=0')],
        [page, answer.replace(/state=[^&]+&/, '')],
        [page, `${answer}&state=1`],
      ] as const) {
        await page.unrouteAll()
        await where.goto(address)
        await expectRefused(where)
      }
      expect(providers.requests.filter((one) => /\/(?:google|oidc)\/token$/.test(one)).length).toBe(asked)
      await other.context().close()
    })

    it('with the code of somebody else is refused by the provider, because the verifier is another one', async () => {
      const [victim, thief] = [someone('google'), someone('google')]
      const [other] = await openPage(browser)
      const stolen = await codeOf(other, thief.login)
      await open()
      await page.route('**/login/with/google/callback?*', (route) =>
        route.continue({
          url: route
            .request()
            .url()
            .replace(/code=[^&]+/, `code=${stolen}`),
        }),
      )
      await signInWith('google', victim.login)
      await expectRefused()
      expect([await users(victim.email), await users(thief.email)]).toEqual([0, 0])
      await other.context().close()
    })

    it('with another issuer is refused before anything is asked (RFC 9207)', async () => {
      const { login } = someone('google')
      await open()
      await page.route('**/login/with/google/callback?*', (route) =>
        route.continue({
          url: route
            .request()
            .url()
            .replace(/iss=[^&]+/, 'iss=https%3A%2F%2Fattacker.example'),
        }),
      )
      const asked = providers.requests.filter((one) => one.endsWith('/google/token')).length
      await signInWith('google', login)
      await expectRefused()
      expect(providers.requests.filter((one) => one.endsWith('/google/token')).length).toBe(asked)
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
      for (const endpoint of ['token_endpoint', 'jwks_uri', 'authorization_endpoint', 'issuer']) {
        const lie = await startProviders()
        const other = await startService({ vars: { ...lie.vars } })
        try {
          lie.register(other.url)
          lie.oidc.wrong = { discovery: (document) => ({ ...document, [endpoint]: `${trap.url}/anywhere` }) }
          await open()
          await page.goto(`${other.url}/login/with/oidc`)
          await expectRefused()
          expect(trap.requests, endpoint).toEqual([])
          await page.context().close()
        } finally {
          await other.stop()
          await lie.stop()
        }
      }
      await trap.stop()
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

  /** The code that a provider gives to a person in another browser, and that nobody has used. */
  async function codeOf(where: Page, login: string): Promise<string> {
    let code = ''
    await where.route('**/login/with/google/callback?*', (route) => {
      code = new URL(route.request().url()).searchParams.get('code') ?? ''
      return route.abort()
    })
    await where.goto(`${service.url}/login/with/google`)
    await where.getByLabel('Login').fill(login)
    await where.getByRole('button', { name: 'Continue' }).click()
    await expect.poll(() => code).not.toBe('')
    return code
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

  async function identitiesOf(email: string): Promise<{ id?: string; provider: string; email: string }[]> {
    void email
    const answer = await page.request.get(`${service.url}/user/identities`)
    expect(answer.status()).toBe(200)
    return ((await answer.json()) as { identities: { provider: string; email: string }[] }).identities
  }

  async function found(email: string): Promise<{ user_id: number; email_verified: boolean }[]> {
    const headers = { Authorization: `Bearer ${admin}` }
    const answer = await fetch(`${service.url}/admin/users?email=${encodeURIComponent(email)}`, { headers })
    expect(answer.status).toBe(200)
    return ((await answer.json()) as { users: { user_id: number; email_verified: boolean }[] }).users
  }
  const users = async (email: string) => (await found(email)).length
})
