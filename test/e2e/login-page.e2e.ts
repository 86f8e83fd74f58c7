/** The promises to a person with a browser: the hosted page works without script, on any width, in their language. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { launchBrowser, openPage, screenshot, withoutChromium } from './browser.ts'
import { execute, query, type Service, startService } from './service.ts'

const SCRIPTLESS = { javaScriptEnabled: false }

/** As long as an address may be, 254 (RFC 5321 section 4.5.3.1, erratum 1690), without a place to break the line. */
const longEmail = (name: string): string =>
  `${name.padEnd(64, 'a')}@${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(53)}.example`

/** WCAG 2.2, success criterion 1.4.3. */
const READABLE_CONTRAST = 4.5

/** A browser says so whenever a page comes with such a status; it is what the page is meant to do. */
const STATUS_NOTE = /^Failed to load resource: the server responded with a status of 401/

const ENGLISH = {
  locale: 'en-US',
  title: 'Sign in – Latchkey',
  email: 'Email',
  password: 'Password',
  signIn: 'Sign in',
  signOut: 'Sign out',
  wrong: 'The email or the password is wrong.',
}
const KOREAN = {
  locale: 'ko-KR',
  title: '로그인 – Latchkey',
  email: '이메일 주소',
  password: '비밀번호',
  signIn: '로그인',
  signOut: '로그아웃',
  wrong: '이메일 주소 또는 비밀번호가 올바르지 않습니다.',
}

describe.skipIf(withoutChromium())('the login page', () => {
  let service: Service
  let browser: Browser
  let page: Page
  let complaints: string[]

  beforeAll(async () => {
    service = await startService()
    browser = await launchBrowser()
  })
  afterEach(() => page?.context().close())
  afterAll(async () => {
    await browser?.close()
    await service?.stop()
  })

  async function open(options: BrowserContextOptions = {}): Promise<void> {
    ;[page, complaints] = await openPage(browser, options)
    await page.goto(`${service.url}/login`)
  }

  async function signIn(password: string, { email, words = ENGLISH }: { email?: string; words?: typeof ENGLISH } = {}) {
    await page.getByLabel(words.email).fill(email ?? service.demo.email)
    await page.getByLabel(words.password).fill(password)
    await submit(words.signIn)
  }

  /** Presses a button and waits for the page that comes then, stylesheet included. */
  async function submit(name: string): Promise<void> {
    await Promise.all([page.waitForEvent('load'), page.getByRole('button', { name, exact: true }).click()])
  }

  const seriousComplaints = () => complaints.filter((text) => !STATUS_NOTE.test(text))

  describe.each([ENGLISH, KOREAN])('without script, in $locale', (words) => {
    it('refuses a wrong password, signs in with the right one, and signs out', async () => {
      await open({ ...SCRIPTLESS, locale: words.locale })
      expect(await page.title()).toBe(words.title)
      expect(await page.locator('html').getAttribute('lang')).toBe(words.locale.slice(0, 2))
      await screenshot(page, `${words.locale}-login`)

      await signIn('a wrong password', { words })
      expect(await page.getByRole('alert').innerText()).toBe(words.wrong)
      expect(await page.getByRole('alert').isVisible()).toBe(true)
      expect(await page.getByLabel(words.email).inputValue()).toBe(service.demo.email)
      expect(await page.getByLabel(words.password).inputValue()).toBe('')
      expect(await page.content()).not.toContain('a wrong password')
      await screenshot(page, `${words.locale}-wrong-password`)

      await signIn(service.demo.password, { words })
      expect(page.url()).toBe(`${service.url}/login`)
      expect(await page.getByText(service.demo.email).isVisible()).toBe(true)
      await screenshot(page, `${words.locale}-signed-in`)
      const cookie = (await page.context().cookies()).find(({ name }) => name === 'latchkey')
      expect(await act(cookie!.value)).toBe(200)

      await submit(words.signOut)
      expect(await page.getByLabel(words.password).isVisible()).toBe(true)
      expect((await page.context().cookies()).map(({ name }) => name)).toEqual(['latchkey-device'])
      expect(await act(cookie!.value)).toBe(401) // who kept a copy is out as well
      expect(seriousComplaints()).toEqual([])
    })
  })

  it('works from the keyboard alone', async () => {
    await open(SCRIPTLESS)
    await page.keyboard.press('Tab')
    await page.keyboard.type(service.demo.email)
    await page.keyboard.press('Tab')
    await page.keyboard.type(service.demo.password)
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: ENGLISH.signOut }).waitFor()
    await page.keyboard.press('Tab') // to the account
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await page.getByLabel(ENGLISH.password).waitFor()
  })

  it('leaves nothing that a script could read', async () => {
    await open()
    await signIn(service.demo.password)
    expect(await page.getByRole('button', { name: ENGLISH.signOut }).isVisible()).toBe(true)
    const readable = await page.evaluate(async () => ({
      cookie: document.cookie,
      localStorage: localStorage.length,
      sessionStorage: sessionStorage.length,
      databases: (await indexedDB.databases()).length,
      caches: (await caches.keys()).length,
      workers: (await navigator.serviceWorker.getRegistrations()).length,
    }))
    expect(readable).toEqual({ cookie: '', localStorage: 0, sessionStorage: 0, databases: 0, caches: 0, workers: 0 })
    const cookies = await page.context().cookies()
    const attributes = { httpOnly: true, secure: false, sameSite: 'Lax', path: '/' }
    expect(cookies.sort((a, b) => a.name.length - b.name.length)).toMatchObject([
      { name: 'latchkey', ...attributes },
      { name: 'latchkey-device', ...attributes },
      { name: 'latchkey-renewal', ...attributes },
    ])
    for (const { value } of cookies) expect(await page.content()).not.toContain(value)
    expect(seriousComplaints()).toEqual([])
  })

  it('works beside the cookies of a version whose names had the prefix here, too', async () => {
    const old = ['__Host-latchkey=old', '__Host-latchkey-device=old', 'lang=ko'].map(
      (cookie) => `${cookie}; Path=/; HttpOnly; Secure; SameSite=Lax`,
    )
    const before = createServer((_, response) => response.setHeader('Set-Cookie', old).end()) // cookies know no ports
    ;[page] = await openPage(browser)
    await page.goto(await listen(before))
    before.close()
    expect(await page.context().cookies()).toHaveLength(3)
    await page.goto(`${service.url}/login?lang=en`)
    await page.goto(`${service.url}/login`)
    await signIn(service.demo.password)
    expect(await page.getByText(service.demo.email).isVisible()).toBe(true)
    await submit(ENGLISH.signOut)
    expect(await page.getByLabel(ENGLISH.password).isVisible()).toBe(true)
  })

  it('runs no script and shows no style but its own', async () => {
    await open()
    await page.evaluate(() => {
      document.body.insertAdjacentHTML('beforeend', '<p id="planted" style="color: red" onclick="document.title = 1">')
      document.querySelector<HTMLElement>('#planted')!.click()
    })
    expect(await page.title()).toBe(ENGLISH.title)
    expect(complaints.filter((text) => text.startsWith('Applying inline style violates'))).toHaveLength(1)
    expect(complaints.filter((text) => text.startsWith('Executing inline event handler violates'))).toHaveLength(1)
  })

  it('cannot be filled in by a form elsewhere', async () => {
    const { email, password } = service.demo
    const elsewhere = createServer((_, response) => {
      response.setHeader('Content-Type', 'text/html')
      response.end(`<!doctype html><form method="post" action="${service.url}/login">
        <input name="email" value="${email}"><input name="password" value="${password}"><button>Win</button></form>`)
    })
    const before = await sessions()
    try {
      const origin = await listen(elsewhere)
      ;[page] = await openPage(browser)
      await page.goto(origin)
      const [answer] = await Promise.all([
        page.waitForResponse(`${service.url}/login`),
        page.getByRole('button').click(),
      ])
      expect(answer.status()).toBe(403)
      expect(await page.context().cookies()).toEqual([])
      expect(await sessions()).toBe(before)
    } finally {
      elsewhere.close()
    }
  })

  describe.each([
    [360, 'light'],
    [360, 'dark'],
    [1280, 'light'],
    [1280, 'dark'],
  ] as const)('%i pixels wide, %s', (width, colorScheme) => {
    const look = { ...SCRIPTLESS, colorScheme, viewport: { width, height: 640 } }
    const name = `${width}-${colorScheme}`

    it('fits and can be read in every state', async () => {
      const hash = `(SELECT hashed_password FROM users WHERE email = '${service.demo.email}')`
      const email = longEmail(name)
      await execute(service.persistTo, `INSERT INTO users (email, hashed_password) VALUES ('${email}', ${hash});`)

      await open(look)
      expect(await unreadable(page)).toEqual([])
      expect(await overflow(page)).toBeLessThanOrEqual(0)
      expect(await luminanceOfPage(page)).toSatisfy((value) => (colorScheme === 'dark' ? value < 0.1 : value > 0.8))
      await screenshot(page, `${name}-login`)

      await signIn('wrong', { email })
      expect(await page.getByRole('alert').isVisible()).toBe(true)
      expect(await unreadable(page)).toEqual([])
      expect(await overflow(page)).toBeLessThanOrEqual(0)
      await screenshot(page, `${name}-wrong-password`)

      await signIn(service.demo.password, { email })
      expect(await page.getByText(email).isVisible()).toBe(true)
      expect(await unreadable(page)).toEqual([])
      expect(await overflow(page)).toBeLessThanOrEqual(0)
      await screenshot(page, `${name}-signed-in`)
      expect(seriousComplaints()).toEqual([])
    })
  })

  const act = async (token: string) =>
    (await fetch(`${service.url}/action`, { method: 'POST', headers: { Authorization: token } })).status

  const sessions = async () => {
    const [row] = await query<{ count: number }>(service.persistTo, 'SELECT count(*) AS count FROM sessions')
    return row!.count
  }
})

/** Pixels that stick out to the side. */
const overflow = (page: Page): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)

/** Relative luminance (WCAG 2.2) of what is behind everything: 0 is black, 1 is white. */
const luminanceOfPage = async (page: Page): Promise<number> =>
  luminance(await page.evaluate(() => getComputedStyle(document.body).backgroundColor))

/** The texts and fields whose colour is too near to what is behind them. */
async function unreadable(page: Page): Promise<string[]> {
  const pairs = await page.evaluate(() =>
    [...document.querySelectorAll('h1, p, label, input, button')].map((element) => {
      let behind: Element | null = element
      while (behind && getComputedStyle(behind).backgroundColor === 'rgba(0, 0, 0, 0)') behind = behind.parentElement
      const background = behind ? getComputedStyle(behind).backgroundColor : 'rgb(255, 255, 255)'
      return { element: element.outerHTML, color: getComputedStyle(element).color, background }
    }),
  )
  expect(pairs.length).toBeGreaterThan(2)
  return pairs
    .filter(({ color, background }) => contrast(luminance(color), luminance(background)) < READABLE_CONTRAST)
    .map(({ element, color, background }) => `${color} on ${background}: ${element}`)
}

const contrast = (a: number, b: number): number => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)

function luminance(color: string): number {
  const channels = /^rgb\((\d+), (\d+), (\d+)\)$/.exec(color)?.slice(1).map(Number)
  if (!channels) throw new Error(`Not an opaque sRGB colour: ${color}`)
  const [r, g, b] = channels.map((c) => (c <= 10 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4))
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((done) => server.listen(0, 'localhost', done))
  return `http://localhost:${(server.address() as AddressInfo).port}`
}
