/** The promises to a person with a passkey, in Chromium with authenticators that its DevTools protocol offers. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { words as own } from '../../src/features/passkeys/words.ts'
import { words } from '../words.ts'
import { ask, idOf, plugIn } from './authenticator.ts'
import { launchBrowser, openPage, withoutChromium } from './browser.ts'
import { follow, look, submit } from './look.ts'
import { accessToken, execute, literal, query, type Service, startService } from './service.ts'

const en = { ...words.en, ...own.en }
const ko = { ...words.ko, ...own.ko }

/** A browser says so whenever a page comes with such a status; it is what the page is meant to do. */
const STATUS_NOTE = /^Failed to load resource: the server responded with a status of 4\d\d/

const LOOKS = [
  { locale: 'en-US', say: en, width: 360, colorScheme: 'light' },
  { locale: 'ko-KR', say: ko, width: 360, colorScheme: 'dark' },
  { locale: 'ko-KR', say: ko, width: 1280, colorScheme: 'light' },
] as const

type Named = { challenge: string }
type Answer = { status: number; body: Record<string, unknown> & { publicKey: object; ticket: string } }

describe.skipIf(withoutChromium())('passkeys', () => {
  let service: Service
  let browser: Browser
  let page: Page
  let complaints: string[]
  let elsewhere: Server

  beforeAll(async () => {
    service = await startService({ vars: { BCRYPT_COST: '10' } })
    browser = await launchBrowser()
    elsewhere = createServer((_, response) =>
      response.setHeader('Content-Type', 'text/html').end('<title>Elsewhere</title>'),
    )
    await new Promise<void>((done) => elsewhere.listen(0, 'localhost', done))
  })
  afterEach(() => page?.context().close())
  afterAll(async () => {
    elsewhere?.close()
    await browser?.close()
    await service?.stop()
  })

  describe.each(LOOKS)('$locale, $width pixels, $colorScheme', ({ say, width, ...options }) => {
    const id = `${options.locale}-${width}`

    it('is added, signs in from the email field and by the button, is renamed and removed', async () => {
      const authenticator = await openWith({ ...options, viewport: { width, height: 740 } })
      const email = await person(`life-${id}`)
      await signInByPassword(email, say)
      await follow(page.getByRole('link', { name: say.manage }))
      expect(await page.getByText(say.noPasskeys).isVisible()).toBe(true)
      await seen(`${id}-none`)
      await submit(page, say.add)
      expect(await page.locator('.done').innerText()).toBe(say.done.passkey_added)
      expect(await page.locator('.rows li').count()).toBe(1)
      expect(await page.getByText(say.neverUsed).isVisible()).toBe(true)
      await seen(`${id}-added`)
      await press(say.add) // the same device again
      await page.getByText(say.known).waitFor()
      await seen(`${id}-known`)

      await signOut(say)
      await page.getByText(say.signedInAs(email)).waitFor() // chosen in the email field
      await authenticator.touches(false)
      await signOut(say)
      await seen(`${id}-login`)
      await page.getByLabel(say.keep).uncheck() // of the form beside the button
      await authenticator.touches(true)
      await submit(page, say.signInWith)
      expect(await page.getByText(say.signedInAs(email)).isVisible()).toBe(true)
      const kept = (await page.context().cookies()).map(({ name, expires }) => [name, expires !== -1])
      expect(Object.fromEntries(kept)).toMatchObject({ latchkey: false, 'latchkey-renewal': false })

      await page.goto(`${service.url}/account/passkeys`)
      await follow(page.getByRole('link', { name: say.change }))
      await seen(`${id}-one`)
      await page.locator('#name').fill('')
      await page.locator('#name').evaluate((input) => input.removeAttribute('required'))
      await submit(page, say.rename)
      expect(await page.locator('#name-wrong').innerText()).toBe(say.fields.required)
      await page.locator('#name').fill('가나다라마바사아자차카타파하가나다라마바사아자차카타파하')
      await submit(page, say.rename)
      expect(await page.locator('.done').innerText()).toBe(say.done.passkey_renamed)
      expect(await page.locator('.rows strong').innerText()).toBe('가나다라마바사아자차카타파하가나다라마바사')
      await seen(`${id}-renamed`)
      await follow(page.getByRole('link', { name: say.change }))
      await submit(page, say.remove)
      expect(await page.locator('.done').innerText()).toBe(say.done.passkey_removed)
      expect(await page.getByText(say.noPasskeys).isVisible()).toBe(true)
      // The Signal API told the browser.
      await vi.waitFor(async () => expect(await authenticator.credentials()).toEqual([]))

      expect(complaints.filter((text) => !STATUS_NOTE.test(text))).toEqual([])
    })
  })

  describe('between two steps of a sign-in', () => {
    it.each([
      { ...LOOKS[0], id: 'en' },
      { ...LOOKS[1], id: 'ko' },
    ])('completes a password, and can be tried again: $locale', async ({ say, width, id, ...options }) => {
      const authenticator = await openWith({ ...options, viewport: { width, height: 740 } })
      const { email } = await owner(`second-${id}`)
      await execute(service.persistTo, `UPDATE users SET second_factor = 1 WHERE email = ${literal(email)};`)
      await authenticator.touches(false)
      await signInByPassword(email, say)
      expect(await page.locator('h1').innerText()).toBe(say.secondStep)
      expect(await page.context().cookies()).toEqual([])
      await seen(`${id}-step`)

      await authenticator.refuses(true)
      await authenticator.touches(true)
      await press(say.confirmWith)
      await page.getByText(say.cancelled).waitFor()
      await seen(`${id}-step-cancelled`)
      await authenticator.refuses(false)

      const [row] = await query<{ public_key: string }>(
        service.persistTo,
        `SELECT public_key FROM passkeys WHERE user_id = (SELECT id FROM users WHERE email = ${literal(email)})`,
      )
      const keyIs = (key: string) => execute(service.persistTo, `UPDATE passkeys SET public_key = ${literal(key)};`)
      await keyIs(row!.public_key.replace(/.{4}$/, 'AAAA'))
      await submit(page, say.confirmWith)
      expect(await page.locator('h1').innerText()).toBe(say.secondStep)
      expect(await page.locator('#problem p').innerText()).toBe(say.refused)
      await seen(`${id}-step-refused`)
      await keyIs(row!.public_key)
      await submit(page, say.confirmWith)
      expect(page.url()).toBe(`${service.url}/account`)
    })

    it('is not enough without a PIN or a fingerprint, where nothing else was shown', async () => {
      const authenticator = await openWith()
      const { email } = await owner('possession')
      // Some devices leave verification out although it is preferred. The virtual one does it when it is discouraged.
      const isDiscouraged = { userVerification: 'discouraged' }
      await page.route('**/user/login/passkey/options', async (route) => {
        const answer = await route.fetch()
        const { publicKey, ...more } = (await answer.json()) as Answer['body']
        await route.fulfill({ response: answer, json: { ...more, publicKey: { ...publicKey, ...isDiscouraged } } })
      })
      await authenticator.refuses(true)
      const { ticket, publicKey } = await options()
      const credential = await ask(page, 'get', { ...publicKey, ...isDiscouraged })
      const { status, body } = await post('/user/login/passkey', { ticket, credential })
      expect([status, body['code']]).toEqual([403, 'second_factor_required'])
      expect(body['methods']).toContain('password')

      await page.goto(`${service.url}/login`)
      await page.locator('h1', { hasText: en.secondStep }).waitFor() // chosen in the email field
      await seen('possession-step')
      expect(await page.context().cookies()).toEqual([])
      await page.locator('#email').fill(email)
      await page.locator('#password').fill('a wrong password')
      await submit(page, en.signIn)
      expect(await page.locator('#problem p').innerText()).toBe(en.problems.invalid_credentials)
      await page.locator('#email').fill(email)
      await page.locator('#password').fill(service.demo.password)
      await submit(page, en.signIn)
      expect(await page.getByText(en.signedInAs(email)).isVisible()).toBe(true)
      await authenticator.touches(false)
      await signOut()

      await execute(service.persistTo, `UPDATE users SET second_factor = 1 WHERE email = ${literal(email)};`)
      await signInByPassword(email)
      await authenticator.touches(true)
      await submit(page, en.confirmWith)
      expect(page.url()).toBe(`${service.url}/account`)
    })
  })

  it('confirms who it is before passkeys are changed, where the password is not enough', async () => {
    const authenticator = await openWith()
    const { email } = await owner('confirming')
    await execute(service.persistTo, `UPDATE users SET second_factor = 1 WHERE email = ${literal(email)};`)
    await page.goto(`${service.url}/login`)
    await page.getByText(en.signedInAs(email)).waitFor()
    await execute(
      service.persistTo,
      `UPDATE sessions SET auth_time = auth_time - 601, shown = '{"passkey":1,"user_verification":1}'
       WHERE user_id = (SELECT id FROM users WHERE email = ${literal(email)});`,
    )
    await page.goto(`${service.url}/account/passkeys`)
    expect(await page.getByRole('button', { name: en.add }).count()).toBe(0)
    await follow(page.getByRole('link', { name: en.confirmFirst }))
    expect(await page.locator('#password').count()).toBe(0)
    await seen('confirm')
    await submit(page, en.confirmWith)
    expect(await page.locator('.done').innerText()).toBe(en.done.confirmed)
    expect(await page.getByRole('button', { name: en.add }).isVisible()).toBe(true)
    expect(await authenticator.credentials()).toHaveLength(1)
  })

  describe('what was not meant for this sign-in', () => {
    it('is refused when it comes twice, one after the other or at once', async () => {
      await openWith()
      await owner('replayed')
      const { ticket, credential } = await assertion(page)
      const answers = await Promise.all([1, 2, 3, 4].map(() => post('/user/login/passkey', { ticket, credential })))
      expect(answers.map(({ status }) => status).filter((status) => status === 200)).toHaveLength(1)
      expect((await post('/user/login/passkey', { ticket, credential })).status).toBe(401)
      const other = await options()
      expect((await post('/user/login/passkey', { ticket: other.ticket, credential })).status).toBe(401)
    })

    it('is refused from another origin of the same host', async () => {
      await openWith()
      const { email, token } = await owner('elsewhere')
      await page.goto(`http://localhost:${(elsewhere.address() as AddressInfo).port}/`)
      expect((await assert(page)).status).toBe(401)
      const { body } = await post('/user/passkeys/options', {}, token)
      const made = await ask(page, 'create', { ...body.publicKey, excludeCredentials: [] })
      expect((await post('/user/passkeys', { credential: made }, token)).status).toBe(422)
      expect(await count(email)).toBe(1)
    })

    it('is refused when a registration answers a sign-in, and the reverse', async () => {
      await openWith()
      const { email, token } = await owner('swapped')
      const signIn = await options()
      const { body: registration } = await post('/user/passkeys/options', {}, token)
      const { challenge: ofSignIn } = signIn.publicKey as { challenge: string }
      const { challenge: ofRegistration } = registration.publicKey as { challenge: string }

      const shown = await ask(page, 'get', { ...signIn.publicKey, challenge: ofRegistration })
      expect((await post('/user/login/passkey', { ticket: signIn.ticket, credential: shown })).status).toBe(401)
      const again = await options()
      const made = { ...registration.publicKey, excludeCredentials: [] }
      const created = await ask(page, 'create', { ...made, challenge: ofSignIn })
      expect((await post('/user/passkeys', { credential: created }, token)).status).toBe(401)
      // An answer of the other kind to the right challenge has another shape, or is signed as what it is.
      const registered = await ask(page, 'create', { ...made, challenge: (again.publicKey as Named).challenge })
      expect((await post('/user/login/passkey', { ticket: again.ticket, credential: registered })).status).toBe(422)
      const asserted = await ask(page, 'get', { ...signIn.publicKey, challenge: ofRegistration })
      expect((await post('/user/passkeys', { credential: asserted }, token)).status).toBe(422)
      expect(await count(email)).toBe(1)
    })

    it('is refused from a copy that counts fewer uses, and its owner is told', async () => {
      const original = await openWith()
      const { email } = await owner('copied')
      const [kept] = await original.credentials()
      for (let use = 0; use < 3; use++) expect((await assert(page)).status).toBe(200)
      await original.unplug()
      const copy = await plugIn(page)
      await copy.keep(kept!)
      expect((await assert(page)).status).toBe(401)
      expect(await eventsOf(email)).toContainEqual({ event: 'passkey_copied' }) // written with the mail
    })
  })

  it('is dropped by the password manager when it is unknown here, and shown under a new address', async () => {
    const authenticator = await openWith()
    const { email } = await owner('signalled')
    await authenticator.touches(false)
    await signInByPassword(email)
    const [before] = await authenticator.credentials()
    expect(before!.userName).toBe(email)
    await execute(service.persistTo, `UPDATE users SET email = 'moved@example.com' WHERE email = ${literal(email)};`)
    await signOut()
    await signInByPassword('moved@example.com')
    await vi.waitFor(async () => expect((await authenticator.credentials())[0]!.userName).toBe('moved@example.com'))

    await signOut()
    await execute(service.persistTo, `DELETE FROM passkeys WHERE id = ${literal(idOf(before!))};`)
    await authenticator.touches(true)
    await submit(page, en.signInWith)
    expect(await page.locator('#problem p').innerText()).toBe(en.refused)
    await vi.waitFor(async () => expect(await authenticator.credentials()).toEqual([]))
  })

  it('works on a page that was open for long, with a challenge that was fetched meanwhile', async () => {
    const authenticator = await openWith()
    const { email } = await owner('patient')
    await authenticator.touches(false)
    await page.clock.install()
    let fetched = 0
    page.on('request', (request) => (fetched += Number(request.url().endsWith('/passkey/options'))))
    await page.goto(`${service.url}/login`)
    await vi.waitFor(() => expect(fetched).toBe(1))
    await page.waitForLoadState('networkidle')
    await page.clock.fastForward(9 * 60_000 + 40_000)
    await vi.waitFor(() => expect(fetched).toBe(2))
    await sleep(1_000) // until the email field waits with the new challenge, which nothing shows
    await authenticator.touches(true)
    await submit(page, en.signInWith)
    expect(await page.getByText(en.signedInAs(email)).isVisible()).toBe(true)
  })

  it('is not offered without script, and the pages that need it say why', async () => {
    await openWith({ javaScriptEnabled: false })
    const email = await person('scriptless')
    await page.goto(`${service.url}/login`)
    expect(await page.getByText(en.signInWith).isVisible()).toBe(false)
    await signInByPassword(email)
    await page.goto(`${service.url}/account/passkeys`)
    expect(await page.getByText(en.add).isVisible()).toBe(false)
    expect(await page.getByText(en.without).isVisible()).toBe(true)
  })

  it('says on a page under an IP address that it works under the name', async () => {
    await openWith()
    await page.goto(`${service.url.replace('localhost', '127.0.0.1')}/login`)
    await press(en.signInWith)
    await page.getByText(en.elsewhere).waitFor()
  })

  /** Opens a window with an authenticator. */
  async function openWith(options: BrowserContextOptions = {}, plug: Parameters<typeof plugIn>[1] = {}) {
    ;[page, complaints] = await openPage(browser, options)
    page.setDefaultTimeout(30_000)
    return plugIn(page, plug)
  }

  const seen = (name: string) => look(page, `passkeys-${name}`, true)

  const press = (name: string) => page.getByRole('button', { name, exact: true }).click()

  /** An account with the password of the demo user. */
  async function person(name: string): Promise<string> {
    const email = `${name}@example.com`.toLowerCase()
    const hash = `(SELECT hashed_password FROM users WHERE email = ${literal(service.demo.email)})`
    await execute(service.persistTo, `INSERT INTO users (email, hashed_password) VALUES (${literal(email)}, ${hash});`)
    return email
  }

  /** An account with a passkey in the authenticator of the page. */
  async function owner(name: string): Promise<{ email: string; token: string }> {
    const email = await person(name)
    const token = await accessToken(service.url, { email, password: service.demo.password })
    const { body } = await post('/user/passkeys/options', {}, token)
    await page.goto(`${service.url}/docs`) // of this origin, and asks for nothing
    const credential = await ask(page, 'create', body.publicKey)
    expect((await post('/user/passkeys', { credential }, token)).status).toBe(201)
    return { email, token }
  }

  async function post(path: string, body: object, token?: string): Promise<Answer> {
    const answer = await fetch(service.url + path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...(token !== undefined && { Authorization: `Bearer ${token}` }) },
      body: JSON.stringify(body),
    })
    return { status: answer.status, body: (await answer.json()) as Answer['body'] }
  }

  const options = async () => (await post('/user/login/passkey/options', {})).body

  /** An answer to the options of a sign-in. */
  async function assertion(page: Page) {
    const { ticket, publicKey } = await options()
    return { ticket, credential: await ask(page, 'get', publicKey) }
  }

  const assert = async (page: Page) => post('/user/login/passkey', await assertion(page))

  async function count(email: string): Promise<number> {
    const [row] = await query<{ count: number }>(
      service.persistTo,
      `SELECT count(*) AS count FROM passkeys JOIN users ON users.id = user_id WHERE email = ${literal(email)}`,
    )
    return row!.count
  }

  const eventsOf = async (email: string) =>
    query<{ event: string }>(
      service.persistTo,
      `SELECT event FROM audit_events JOIN users ON users.id = user_id WHERE email = ${literal(email)}`,
    )

  async function signInByPassword(email: string, say: typeof en = en): Promise<void> {
    await page.goto(`${service.url}/login?return_to=/account`)
    await page.locator('#email').fill(email)
    await page.locator('#password').fill(service.demo.password)
    await submit(page, say.signIn)
  }

  async function signOut(say: typeof en = en): Promise<void> {
    await page.goto(`${service.url}/login`)
    await submit(page, say.signOut)
  }
})
