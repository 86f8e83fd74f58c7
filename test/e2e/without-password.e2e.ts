/** The promises to a person without a password, with a browser: everything works on the hosted pages, with and without script. */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { words } from '../words.ts'
import { launchBrowser, openPage, withoutChromium } from './browser.ts'
import { follow, look, submit } from './look.ts'
import { type Mailbox, openMailbox } from './mailbox.ts'
import { execute, literal, type Service, startService } from './service.ts'

const { en, ko } = words

const WAYS = [
  { locale: 'en-US', say: en, width: 360, colorScheme: 'light', javaScriptEnabled: false },
  { locale: 'ko-KR', say: ko, width: 1280, colorScheme: 'dark', javaScriptEnabled: true },
] as const

describe.skipIf(withoutChromium())('the hosted pages, without a password', () => {
  let mailbox: Mailbox
  let service: Service
  let browser: Browser

  beforeAll(async () => {
    mailbox = await openMailbox()
    service = await startService({ vars: { MAIL_URL: mailbox.url, BCRYPT_COST: '10' } })
    browser = await launchBrowser()
  })
  afterAll(async () => {
    await browser?.close()
    await service?.stop()
    mailbox?.stop()
  })

  it.each(WAYS)(
    'serve a whole life: $locale, $width pixels, $colorScheme, script: $javaScriptEnabled',
    async ({ say, width, ...options }) => {
      const [page] = await openPage(browser, { ...options, viewport: { width, height: 740 } })
      page.setDefaultTimeout(15_000)
      const id = `${options.locale}-${width}-keyless`
      const [email, moved] = [`${id}@example.com`.toLowerCase(), `moved-${id}@example.com`.toLowerCase()]
      const hash = `(SELECT hashed_password FROM users WHERE email = ${literal(service.demo.email)})`
      await execute(
        service.persistTo,
        `INSERT INTO users (email, hashed_password) VALUES (${literal(email)}, ${hash});`,
      )
      const seen = (name: string) => look(page, `${id}-${name}`, options.javaScriptEnabled)
      const open = (path: string) => page.goto(service.url + path)
      const press = (name: string) => submit(page, name)
      const go = (name: string) => follow(page.getByRole('link', { name, exact: true }))
      const done = () => page.locator('.done').innerText()
      const fill = async (fields: Record<string, string>) => {
        for (const [name, value] of Object.entries(fields)) await page.locator(`input[name=${name}]`).fill(value)
      }
      const passwords = () => page.locator('input[type=password]').count()
      const codeTo = async (address: string, count: number) => {
        await fill({ code: await mailbox.code(address, count) })
      }

      await open('/login?return_to=/account/password')
      await fill({ email, password: service.demo.password })
      await press(say.signIn)
      await go(say.removePassword)
      await seen('remove')
      await press(say.removePassword)
      expect(await done()).toBe(say.done.password_removed)
      expect(await page.getByText(say.withoutPassword).count()).toBe(1)
      await seen('account')

      // The password that this session has seen no longer counts.
      await go(say.changeEmail)
      expect(await page.locator('h1').innerText()).toBe(say.confirm)
      await press(say.sendMe)
      await codeTo(email, 2) // after the notice that the password is gone
      await press(say.confirmBy)
      await open('/account/email')
      expect(await passwords()).toBe(0)
      await fill({ email: moved })
      await press(say.mailLink)
      expect(await done()).toBe(say.done.email)
      await open(await mailbox.link(moved))
      expect(await passwords()).toBe(0)
      await seen('verify')
      await press(say.verify)
      expect(await done()).toBe(say.done.verified)

      await open('/login/code?return_to=/account')
      await fill({ email: moved })
      await press(say.send)
      await codeTo(moved, 3) // after the link, and the notice that it is the address now
      await press(say.signIn)
      expect(page.url()).toBe(`${service.url}/account`)

      await execute(
        service.persistTo,
        "UPDATE sessions SET auth_time = auth_time - 601, shown = json_object('code', auth_time - 601);",
      )
      await go(say.deleteAccount)
      expect(await page.locator('h1').innerText()).toBe(say.confirm)
      expect(await passwords()).toBe(0)
      await seen('confirm')
      await press(say.sendMe)
      await seen('confirm-code')
      await fill({ code: 'AAAA-AAAA' })
      await press(say.confirmBy)
      await seen('confirm-wrong')
      await codeTo(moved, 4)
      await press(say.confirmBy)
      expect(await done()).toBe(say.done.confirmed)
      await open('/account/password')
      expect(await passwords()).toBe(1) // the new one
      await seen('set')
      await open('/account/delete')
      await seen('delete')
      await press(say.deleteAccount)
      expect(await done()).toBe(say.done.deleted)
      await page.context().close()
    },
  )
})
