/** The promises to somebody who signs in with a mailed code: by typing it or by the link, and only where they began. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { words } from '../words.ts'
import { launchBrowser, openPage, withoutChromium } from './browser.ts'
import { follow, look, submit } from './look.ts'
import { type Mailbox, openMailbox } from './mailbox.ts'
import { execute, literal, type Service, startService } from './service.ts'

const { en, ko } = words

/** A browser says so whenever a page comes with such a status; it is what the page is meant to do. */
const STATUS_NOTE = /^Failed to load resource: the server responded with a status of 4\d\d/

const WAYS = [
  { locale: 'en-US', say: en, width: 360, colorScheme: 'light', javaScriptEnabled: false },
  { locale: 'ko-KR', say: ko, width: 1280, colorScheme: 'dark', javaScriptEnabled: true },
] as const

describe.skipIf(withoutChromium())('a mailed code', () => {
  let mailbox: Mailbox
  let service: Service
  let browser: Browser

  beforeAll(async () => {
    mailbox = await openMailbox()
    service = await startService({ vars: { MAIL_URL: mailbox.url, CODE_REGISTERS: 'on' } })
    browser = await launchBrowser()
  })
  afterAll(async () => {
    await browser?.close()
    await service?.stop()
    mailbox?.stop()
  })

  const member = async (email: string) =>
    execute(service.persistTo, `INSERT INTO users (email, created_at) VALUES (${literal(email)}, 1790000000)`)

  it.each(WAYS)(
    'signs in where it was asked for, and nowhere else: $locale, script: $javaScriptEnabled',
    async ({ say, width, ...options }) => {
      const id = `code-${options.locale}`
      const email = `${id}@example.com`.toLowerCase()
      await member(email)
      const [mine, complaints] = await openPage(browser, { ...options, viewport: { width, height: 740 } })
      const [other, otherComplaints] = await openPage(browser, { ...options, viewport: { width, height: 740 } })
      const [scanner] = await openPage(browser, { locale: options.locale })
      for (const page of [mine, other, scanner]) page.setDefaultTimeout(10_000)
      const seen = (page: Page, name: string) => look(page, `${id}-${name}`, options.javaScriptEnabled)
      const title = (page: Page) => page.locator('h1').innerText()

      await mine.goto(`${service.url}/login?return_to=/account`)
      await seen(mine, 'login')
      await follow(mine.getByRole('link', { name: say.byCode }))
      await seen(mine, 'ask')
      await mine.locator('#email').fill(email)
      await submit(mine, say.send)
      expect(await title(mine)).toBe(say.enter)
      expect(await mine.locator('main').innerText()).toContain(email)
      await seen(mine, 'enter')

      // A scanner follows the link and runs its scripts; a telephone opens it, too.
      const [code, link] = [await mailbox.code(email), await mailbox.link(email)]
      await scanner.goto(service.url + link, { waitUntil: 'networkidle' })
      expect(await scanner.locator('form').count()).toBe(0)
      await other.goto(service.url + link)
      expect(await other.locator('strong').innerText()).toBe(code)
      await seen(other, 'elsewhere')
      for (const page of [other, scanner]) {
        await page.goto(`${service.url}/account`)
        expect(new URL(page.url()).pathname).toBe('/login')
      }

      await mine.locator('#code').fill('2222-2222')
      await submit(mine, say.signIn)
      expect(await mine.locator('#problem p').innerText()).toBe(say.problems.invalid_code)
      expect(await mine.evaluate(() => document.activeElement?.id)).toBe('problem')
      await seen(mine, 'wrong')
      await mine.locator('#code').fill(code.toLowerCase().replace('-', ' '))
      await submit(mine, say.signIn)
      expect(mine.url()).toBe(`${service.url}/account`)
      expect(await mine.locator('main').innerText()).toContain(email)

      await other.goto(service.url + link)
      expect(await other.locator('form').count()).toBe(0)
      for (const list of [complaints, otherComplaints]) {
        expect(list.filter((text) => !STATUS_NOTE.test(text))).toEqual([])
      }
      for (const page of [mine, other, scanner]) await page.context().close()
    },
  )

  it('signs in by the link, in the same browser, once its button is pressed; another code can be sent first', async () => {
    const email = 'code-link@example.com'
    await member(email)
    const [page] = await openPage(browser)
    await page.goto(`${service.url}/login/code`)
    await page.locator('#email').fill(email)
    await submit(page, en.send)
    const first = await mailbox.link(email)
    await submit(page, en.sendAgain)
    const link = await mailbox.link(email, 2)
    await page.goto(service.url + first)
    expect(await page.locator('h1').innerText()).toBe(en.yourCode) // the browser waits for the newer code
    await page.goto(service.url + link)
    await look(page, 'code-here', true)
    await submit(page, en.signIn)
    await page.goto(`${service.url}/account`)
    expect(await page.locator('main').innerText()).toContain(email)
    await page.context().close()
  })

  it('creates an account where the settings say so', async () => {
    const email = 'code-new@example.com'
    const [page] = await openPage(browser)
    await page.goto(`${service.url}/login/code`)
    await page.locator('#email').fill(email)
    await submit(page, en.send)
    await page.locator('#code').fill(await mailbox.code(email))
    await submit(page, en.signIn)
    await page.goto(`${service.url}/account`)
    expect(await page.locator('main').innerText()).toContain(email)
    await page.context().close()
  })
})
