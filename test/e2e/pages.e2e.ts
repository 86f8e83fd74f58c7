/** The promises to a person with a browser: a whole life of an account on the hosted pages, readable on every one of them. */
import { readFileSync } from 'node:fs'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { words } from '../words.ts'
import { launchBrowser, openPage, withoutChromium } from './browser.ts'
import { follow, look, submit } from './look.ts'
import { type Mailbox, openMailbox } from './mailbox.ts'
import { accessToken, execute, literal, type Service, startService } from './service.ts'

const { en, ko } = words

/** A browser says so whenever a page comes with such a status; it is what the page is meant to do. */
const STATUS_NOTE = /^Failed to load resource: the server responded with a status of 4\d\d/

const WAYS = [
  { locale: 'en-US', say: en, width: 360, colorScheme: 'light', javaScriptEnabled: false },
  { locale: 'ko-KR', say: ko, width: 360, colorScheme: 'dark', javaScriptEnabled: true },
  { locale: 'en-US', say: en, width: 1280, colorScheme: 'dark', javaScriptEnabled: true },
  { locale: 'ko-KR', say: ko, width: 1280, colorScheme: 'light', javaScriptEnabled: false },
] as const

describe.skipIf(withoutChromium())('the hosted pages', () => {
  let mailbox: Mailbox
  let service: Service
  let browser: Browser

  beforeAll(async () => {
    mailbox = await openMailbox()
    const vars = { MAIL_URL: mailbox.url, BCRYPT_COST: '10', ALLOWED_RETURN_URLS: mailbox.url }
    service = await startService({ vars })
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
      const [page, complaints] = await openPage(browser, { ...options, viewport: { width, height: 740 } })
      page.setDefaultTimeout(10_000)
      const id = `${options.locale}-${width}-${options.colorScheme}`
      const [email, password, better] = [
        `${id}@example.com`.toLowerCase(),
        'first words of mine',
        'better words of mine',
      ]
      const seen = (name: string) => look(page, `${id}-${name}`, options.javaScriptEnabled)
      const open = (path: string) => page.goto(service.url + path)
      const press = (name: string) => submit(page, name)
      const fill = async (fields: Record<string, string>) => {
        for (const [name, value] of Object.entries(fields)) await page.locator(`input[name=${name}]`).fill(value)
      }
      const signIn = async (word: string) => {
        await fill({ email, password: word })
        await press(say.signIn)
      }
      const told = (selector: string) => page.locator(selector).innerText()

      await open('/account')
      expect(page.url()).toBe(`${service.url}/login?return_to=/account`)
      await seen('login')
      await follow(page.getByRole('link', { name: say.register }))
      await seen('register')
      await fill({ email, password: 'short' })
      await press(say.register)
      expect(await told('#password-wrong')).toBe(say.fields.too_short)
      expect(await page.title()).toBe(`${say.error}: ${say.register} – Latchkey`)
      expect(await page.evaluate(() => document.activeElement?.id)).toBe('problem')
      await seen('register-wrong')
      await fill({ password })
      await press(say.register)
      expect(await told('.done')).toBe(say.done.registered)
      await seen('registered')
      await press(say.mailAgain)
      expect(await told('.done')).toBe(`${say.sentAgain} ${say.done.resent}`)
      expect(await told('strong')).toBe(email)

      await follow(page.getByRole('link', { name: say.signIn }))
      await signIn(password)
      expect(await told('#problem p')).toBe(say.problems.email_not_verified)
      expect(await page.locator('input[name=email]').inputValue()).toBe(email)
      await seen('not-verified')

      await open(await mailbox.link(email, 3))
      await seen('verify')
      await fill({ password })
      await press(say.verify)
      expect(await told('.done')).toBe(say.done.verified)
      await seen('verified')

      await open('/login?return_to=/account')
      await signIn('wrong words of mine')
      expect(await told('#problem p')).toBe(say.problems.invalid_credentials)
      await signIn(password)
      expect(page.url()).toBe(`${service.url}/account`)
      await seen('account')

      await accessToken(service.url, { email, password }) // somebody else's session
      await follow(page.getByRole('link', { name: say.manageDevices }))
      expect(await page.locator('.rows li').count()).toBe(2)
      expect(await page.locator('.badge').allTextContents()).toEqual([say.thisDevice, say.signedInHere])
      await seen('devices')
      const names = [say.signOut, say.unknownDevice]
      const name = (say === ko ? names.toReversed() : names).join(' ')
      await page.getByRole('button', { name }).click()
      await page.locator('.done').waitFor()
      expect(await page.locator('.badge').allTextContents()).toEqual([say.thisDevice])
      await seen('session-ended')
      await follow(page.getByRole('link', { name: say.account }))

      await follow(page.getByRole('link', { name: say.changePassword }))
      await fill({ current_password: 'wrong words of mine', new_password: better })
      await press(say.changePassword)
      expect(await told('#problem p')).toBe(say.wrongPassword)
      await seen('password-wrong')
      await fill({ current_password: password, new_password: better })
      await press(say.changePassword)
      expect(await told('.done')).toBe(say.done.password)

      await follow(page.getByRole('link', { name: say.changeEmail }))
      await seen('email')
      const moved = `moved.${email}`
      await fill({ email: moved, password: better })
      await press(say.mailLink)
      expect(await told('.done')).toBe(say.done.email)
      expect(await told('section.row p')).toContain(moved)
      await seen('email-pending')
      await press(say.cancelPending)
      expect(await told('.done')).toBe(say.done.address_kept)
      await follow(page.getByRole('link', { name: say.changeEmail }))
      await fill({ email: moved, password: better })
      await press(say.mailLink)
      await open(await mailbox.link(moved, 2))
      await fill({ password: better })
      await press(say.verify)
      await open('/account')
      expect(new URL(page.url()).pathname).toBe('/login') // every session has ended

      await follow(page.getByRole('link', { name: say.forgot }))
      await seen('forgot')
      await fill({ email: moved })
      await press(say.sendLink)
      expect(await told('.done')).toBe(say.done.forgotten)
      await open(await mailbox.link(moved, 3))
      await seen('reset')
      await fill({ password })
      await press(say.setPassword)
      expect(await told('.done')).toBe(say.done.reset)

      await fill({ email: moved, password })
      await press(say.signIn)
      await seen('signed-in')
      await follow(page.getByRole('link', { name: say.account }))
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('link', { name: say.download }).click(),
      ])
      const file = JSON.parse(readFileSync(await download.path(), 'utf8')) as { user: { email: string } }
      expect(file.user.email).toBe(moved)

      await open(await mailbox.link(moved, 5))
      await seen('undo')
      await press(say.undo.submit)
      expect(await told('.done')).toBe(say.done.undone)
      await seen('undone')
      await fill({ email: moved })
      await press(say.sendLink)
      await open(await mailbox.link(moved, 7))
      await fill({ password })
      await press(say.setPassword)
      await fill({ email: moved, password })
      await press(say.signIn)
      for (const [name, path] of [
        ['undo-refused', '/undo?token=used'],
        ['reset-over', `/reset?token=${'A'.repeat(43)}`],
        ['verify-cut', '/verify'],
        ['cancel-cut', '/cancel'],
        ['lost', '/nothing'],
      ] as const) {
        await open(path)
        await seen(name)
      }
      await open('/')
      expect(page.url()).toBe(`${service.url}/account`)

      await open('/account/delete')
      await seen('delete')
      await fill({ password })
      await press(say.deleteAccount)
      expect(await told('.done')).toBe(say.done.deleted)
      expect((await page.context().cookies()).map(({ name }) => name)).toEqual([])
      await fill({ email: moved, password })
      await press(say.signIn)
      expect(await told('#problem p')).toBe(say.problems.invalid_credentials)

      expect(complaints.filter((text) => !STATUS_NOTE.test(text))).toEqual([])
      await page.context().close()
    },
  )

  it.each(WAYS)(
    'let an admin work: $locale, $width pixels, $colorScheme, script: $javaScriptEnabled',
    async ({ say, width, ...options }) => {
      const [page, complaints] = await openPage(browser, { ...options, viewport: { width, height: 740 } })
      page.setDefaultTimeout(10_000)
      const id = `admin-${options.locale}-${width}-${options.colorScheme}`
      const email = `${id}@example.com`.toLowerCase()
      const seen = (name: string) => look(page, `${id}-${name}`, options.javaScriptEnabled)
      const press = (name: string) => submit(page, name)
      const done = () => page.locator('.done').innerText()
      const about = (what: string) => `${what}: ${email}`
      // An admin, somebody to work on, and a month to draw.
      await execute(
        service.persistTo,
        `UPDATE users SET roles = '["admin"]' WHERE email = ${literal(service.demo.email)};
         INSERT INTO users (email, roles, created_at) VALUES (${literal(email)}, '["editor"]', 1790000000);
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200)
         INSERT INTO audit_events (at, event, user_agent, ip, country)
         SELECT unixepoch() - i * 12800, iif(i % 7 < 5, 'login_succeeded', 'login_failed'),
           'Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0', '2001:db8::1', 'KR' FROM n;`,
      )
      await page.goto(`${service.url}/console`)
      await page.locator('#email').fill(service.demo.email)
      await page.locator('#password').fill(service.demo.password)
      await press(say.signIn)
      expect(page.url()).toBe(`${service.url}/console`)
      await page.goto(`${service.url}/account`)
      await follow(page.getByRole('link', { name: say.administration }))
      await seen('users')
      await page.locator('#email').fill(email.toUpperCase())
      await press(say.search)
      await follow(page.getByRole('link', { name: email }))
      await seen('user')
      await follow(page.getByRole('link', { name: about(say.disable) }))
      await seen('disable')
      await press(about(say.disable))
      expect(await done()).toBe(say.done.changed)
      await page.locator('#roles').fill('Not a role')
      await press(say.setRoles)
      expect(await page.locator('#problem p').innerText()).toBe(say.problems.invalid_body)
      await seen('roles-wrong')
      await page.locator('#roles').fill('editor writer')
      await press(say.setRoles)
      await seen('user-changed')
      await page.locator('#roles').fill('admin')
      await press(say.setRoles)
      await seen('roles-admin')
      await press(about(say.setRoles))
      expect(await done()).toBe(say.done.changed)

      await execute(service.persistTo, 'UPDATE sessions SET auth_time = auth_time - 601')
      await press(about(say.enable))
      expect(await page.locator('h1').innerText()).toBe(say.confirm)
      await seen('confirm')
      await page.locator('#password').fill(service.demo.password)
      await press(say.confirmPassword)
      expect(await done()).toBe(say.done.confirmed)
      await press(about(say.enable))
      await follow(page.getByRole('link', { name: about(say.deleteAccount) }))
      await seen('delete')
      await press(about(say.deleteAccount))
      expect(await done()).toBe(say.done.changed)

      await follow(page.getByRole('link', { name: say.newUser }))
      await page.locator('#email').fill(email)
      await seen('new-user')
      await press(say.invite)
      expect(await done()).toBe(say.done.invited)
      await seen('user-invited')
      await follow(page.getByRole('link', { name: about(say.withdraw) }))
      await press(about(say.withdraw))

      await follow(page.getByRole('link', { name: say.audit, exact: true }))
      await page.locator('#event').selectOption('account_deleted')
      await press(say.search)
      await seen('audit')
      const csv = page.getByRole('link', { name: say.asCsv })
      const [download] = await Promise.all([page.waitForEvent('download'), csv.click()])
      expect(readFileSync(await download.path(), 'utf8')).toContain(',account_deleted,')
      await follow(page.getByRole('link', { name: say.statistics }))
      await seen('numbers')
      await page.locator('summary').click()
      expect(await page.locator('tbody tr').count()).toBe(30)
      await seen('table')
      expect(complaints.filter((text) => !STATUS_NOTE.test(text))).toEqual([])
      await page.context().close()
    },
  )

  it('change their language by a link, keep it, and keep what the page was for', async () => {
    const page = await pageOf({ javaScriptEnabled: false })
    await page.goto(`${service.url}/forgot?return_to=/account`)
    await follow(page.getByRole('link', { name: ko.name }))
    expect(await page.locator('h1').innerText()).toBe(ko.forgotTitle)
    expect(await page.locator('input[name=return_to]').getAttribute('value')).toBe('/account')
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('email')
    await page.goto(`${service.url}/login`)
    expect(await page.locator('html').getAttribute('lang')).toBe('ko')
    await page.context().close()
  })

  it('show a password to who asks, and hide it before it is sent', async () => {
    const page = await pageOf({})
    await page.goto(`${service.url}/login`)
    const input = page.locator('#password')
    await input.fill('some words')
    await page.getByRole('button', { name: en.show }).click()
    expect(await input.getAttribute('type')).toBe('text')
    await page.evaluate(() => document.forms[0]!.addEventListener('submit', (event) => event.preventDefault()))
    await page.locator('#email').fill('a@example.com')
    await page.getByRole('button', { name: en.signIn, exact: true }).click()
    expect(await input.getAttribute('type')).toBe('password')
    await page.context().close()
  })

  it('say where a form comes from, so that browsers without Sec-Fetch-Site can send it', async () => {
    const page = await pageOf({})
    for (const path of ['/login', '/forgot?token=secret']) {
      await page.goto(service.url + path)
      const sent = page.waitForRequest((request) => request.method() === 'POST')
      await Promise.all([page.waitForEvent('load'), page.evaluate(() => document.forms[0]!.submit())])
      const headers = await (await sent).allHeaders()
      expect(headers['origin']).toBe(service.url)
      expect(headers['referer'] ?? '').not.toContain('secret')
    }
    await page.context().close()
  })

  it('lead to an allowed address after the login, past the policy for forms', async () => {
    const page = await pageOf({ javaScriptEnabled: false })
    await page.goto(`${service.url}/login?return_to=${encodeURIComponent(mailbox.url)}`)
    await page.locator('#email').fill(service.demo.email)
    await page.locator('#password').fill('wrong')
    await submit(page, en.signIn)
    await page.locator('#password').fill(service.demo.password)
    await page.getByRole('button', { name: en.signIn, exact: true }).click()
    await page.getByText('arrived').waitFor()
    await page.context().close()
  })

  async function pageOf(options: BrowserContextOptions): Promise<Page> {
    const [page] = await openPage(browser, options)
    return page
  }
})
