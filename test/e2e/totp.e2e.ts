/** The promises about authenticator apps: what oathtool shows signs in, the pages work everywhere, a new secret keeps them. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { words } from '../words.ts'
import { launchBrowser, openPage, withoutChromium } from './browser.ts'
import { latchkey } from './cli.ts'
import { follow, look, submit } from './look.ts'
import { codeIn, enrolled, PASSWORD, person, post, withoutOathtool } from './people.ts'
import { type Service, startService, temporaryFolder } from './service.ts'

const { en, ko } = words

const WAYS = [
  { locale: 'en-US', say: en, width: 360, colorScheme: 'light', javaScriptEnabled: false },
  { locale: 'ko-KR', say: ko, width: 360, colorScheme: 'dark', javaScriptEnabled: true },
  { locale: 'en-US', say: en, width: 1280, colorScheme: 'dark', javaScriptEnabled: true },
  { locale: 'ko-KR', say: ko, width: 1280, colorScheme: 'light', javaScriptEnabled: false },
] as const

/** A browser says so whenever a page comes with such a status; it is what the page is meant to do. */
const STATUS_NOTE = /^Failed to load resource: the server responded with a status of 4\d\d/

const ticketFor = async (url: string, email: string): Promise<string> => {
  const answer = await post(url, '/user/login', { email, password: PASSWORD })
  expect(answer.status).toBe(403)
  return ((await answer.json()) as { ticket: string }).ticket
}

describe.skipIf(withoutOathtool())('what oathtool shows', () => {
  let service: Service
  beforeAll(async () => {
    service = await startService({ vars: { BCRYPT_COST: '10' } })
  })
  afterAll(() => service?.stop())

  it('signs in once', async () => {
    const email = await person(service.persistTo)
    const secret = await enrolled(service.url, email)
    const code = codeIn(secret, 0)
    const signIn = (ticket: string) => post(service.url, '/user/login/totp', { ticket, code })
    const tickets = [await ticketFor(service.url, email), await ticketFor(service.url, email)]
    expect((await signIn(tickets[0]!)).status).toBe(200)
    expect((await signIn(tickets[1]!)).status).toBe(401)
  })

  it('works once of twenty times at once', async () => {
    const email = await person(service.persistTo)
    const secret = await enrolled(service.url, email)
    const code = codeIn(secret, 0)
    const tickets: string[] = []
    while (tickets.length < 20) tickets.push(await ticketFor(service.url, email))
    const answers = await Promise.all(tickets.map((ticket) => post(service.url, '/user/login/totp', { ticket, code })))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(answers.filter(({ status }) => status >= 500)).toHaveLength(0)
  })
})

describe.skipIf(withoutOathtool())('secret rotate LATCHKEY_SECRET', () => {
  const folder = temporaryFolder()
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('encrypts the secrets of apps again, so that they outlive the old value', async () => {
    const persistTo = join(folder, 'state')
    const file = join(folder, 'vars')
    const old = 'only-for-tests: the secret before the rotation'
    writeFileSync(file, `JWT_SECRET_KEY=only-for-tests: the key that signs tokens\nLATCHKEY_SECRET=${old}\n`)
    const vars = { BCRYPT_COST: '10' }
    let service = await startService({ persistTo, vars: { ...vars, LATCHKEY_SECRET: old } })
    let secret: string
    let email: string
    try {
      email = await person(persistTo)
      secret = await enrolled(service.url, email)
    } finally {
      await service.stop()
    }

    const args = ['secret', 'rotate', 'LATCHKEY_SECRET', '--file', file, '--persist-to', persistTo]
    const rotated = await latchkey(args)
    expect(rotated).toMatchObject({ code: 0, stderr: expect.stringContaining('1 secrets of authenticator apps') })
    const again = await latchkey([...args, '--reencrypt', '--json'])
    expect(JSON.parse(again.stdout)).toEqual({ name: 'LATCHKEY_SECRET', resealed: 0 })

    const fresh = /^LATCHKEY_SECRET=(.+)$/m.exec(readFileSync(file, 'utf8'))![1]!
    expect(fresh).not.toBe(old)
    service = await startService({ persistTo, vars: { ...vars, LATCHKEY_SECRET: fresh } })
    try {
      const ticket = await ticketFor(service.url, email)
      expect((await post(service.url, '/user/login/totp', { ticket, code: codeIn(secret, 0) })).status).toBe(200)
    } finally {
      await service.stop()
    }
  })
})

describe.skipIf(withoutChromium() || withoutOathtool())('the pages of an authenticator app', () => {
  let service: Service
  let browser: Browser
  beforeAll(async () => {
    service = await startService({ vars: { BCRYPT_COST: '10' } })
    browser = await launchBrowser()
  })
  afterAll(async () => {
    await browser?.close()
    await service?.stop()
  })

  it.each(WAYS)(
    'lead from the set-up to its removal: $locale, $width pixels, $colorScheme, script: $javaScriptEnabled',
    async ({ say, width, ...options }) => {
      const [page, complaints] = await openPage(browser, { ...options, viewport: { width, height: 740 } })
      page.setDefaultTimeout(10_000)
      const email = await person(service.persistTo)
      const seen = (name: string) =>
        look(page, `totp-${options.locale}-${width}-${options.colorScheme}-${name}`, options.javaScriptEnabled)
      const press = (name: string) => submit(page, name)
      const type = (name: string, text: string) => page.locator(`input[name=${name}]`).fill(text)
      const signIn = async () => {
        await page.goto(`${service.url}/login?return_to=/account`)
        await type('email', email)
        await type('password', PASSWORD)
        await press(say.signIn)
      }
      const told = (selector: string) => page.locator(selector).innerText()

      await signIn()
      await seen('account')
      await follow(page.getByRole('link', { name: say.factors.manage, exact: true }))
      await seen('without')
      await press(say.totp.add)
      await seen('set-up')
      const secret = (await told('.secret')).replaceAll(/\s/g, '')
      await type('totp', '12 34')
      await press(say.totp.confirm)
      expect(await told('#totp-wrong')).toBe(say.fields.malformed)
      await seen('set-up-wrong')
      const first = codeIn(secret, -30)
      await type('totp', first)
      await press(say.totp.confirm)
      const codes = (await told('.codes')).split('\n')
      expect(codes).toHaveLength(10)
      await seen('codes')
      await follow(page.getByRole('link', { name: say.goOn }))
      await seen('with')

      await page.goto(`${service.url}/account`)
      await press(say.signOut)
      await signIn()
      await seen('second-step')
      await type('recovery_code', codes[0]!.toLowerCase())
      await press(say.recovery.use)
      expect(page.url()).toBe(`${service.url}/account`)
      await press(say.signOut)
      await signIn()
      await type('totp', first) // used already
      await press(say.totp.useCode)
      expect(await told('#problem p')).toBe(say.problems.invalid_code)
      await seen('second-step-wrong')
      await type('totp', codeIn(secret, 0))
      await press(say.totp.useCode)
      expect(page.url()).toBe(`${service.url}/account`)

      await follow(page.getByRole('link', { name: say.factors.manage, exact: true }))
      expect(await page.getByText(say.recovery.left('9')).count()).toBe(1)
      await press(say.totp.remove)
      expect(await told('.done')).toBe(say.done.totp_removed)
      await seen('removed')
      expect(complaints.filter((text) => !STATUS_NOTE.test(text))).toEqual([])
      await page.context().close()
    },
  )
})
