/** src/client with more than a password: every step of a sign-in, in Node and with a passkey in Chromium. */
import { randomUUID } from 'node:crypto'
import { TOTP } from 'otpauth'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Client, createClient, LatchkeyError, memoryStorage } from '../../src/client/index.ts'
import { ask, plugIn } from './authenticator.ts'
import { launchBrowser, withoutChromium } from './browser.ts'
import { type Mailbox, openMailbox } from './mailbox.ts'
import { execute, literal, type Service, startService } from './service.ts'

let service: Service
let mailbox: Mailbox

beforeAll(async () => {
  mailbox = await openMailbox()
  service = await startService({ vars: { MAIL_URL: mailbox.url } })
})
afterAll(async () => {
  await service?.stop()
  mailbox?.stop()
})

/** An account of its own, with the password of the demo login. */
async function person(): Promise<{ email: string; password: string }> {
  const email = `${randomUUID()}@example.com`
  const hash = `(SELECT hashed_password FROM users WHERE email = ${literal(service.demo.email)})`
  await execute(service.persistTo, `INSERT INTO users (email, hashed_password) VALUES (${literal(email)}, ${hash});`)
  return { email, password: service.demo.password }
}

const refused = async (work: Promise<unknown>): Promise<LatchkeyError> => {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(LatchkeyError)
  return error as LatchkeyError
}

const post = async <Answer>(client: Client, path: string, body?: object): Promise<Answer> => {
  const headers = { 'Content-Type': 'application/json' }
  const init = { method: 'POST', ...(body && { headers, body: JSON.stringify(body) }) }
  const answer = await client.fetch(path, init)
  expect(answer.ok).toBe(true)
  return (await answer.json()) as Answer
}

describe('in Node', () => {
  let client: Client
  beforeEach(() => {
    client = createClient({ url: service.url, storage: memoryStorage() })
  })

  it('goes from the password to the second factor, lists it, and shows it again', async () => {
    const login = await person()
    await client.login(login)
    expect(await client.factors()).toEqual({ factors: [], recovery_codes_left: 0 })
    const { secret } = await post<{ secret: string }>(client, '/user/totp')
    const app = new TOTP({ secret })
    const { recovery_codes } = await post<{ recovery_codes: string[] }>(client, '/user/totp/confirm', {
      code: app.generate(),
    })
    await client.logout()

    const error = await refused(client.login(login))
    expect([error.code, error.status, client.session]).toEqual(['second_factor_required', 403, null])
    expect([...error.methods].sort()).toEqual(['recovery', 'totp'])
    expect(error.expires_in).toBe(600)
    const ticket = error.ticket!
    expect(ticket).toMatch(/^lkt_/)
    const wrong = await refused(client.login({ ticket, recovery: '0000-0000-0000-0000' }))
    expect([wrong.code, wrong.ticket, wrong.methods, wrong.expires_in]).toEqual(['invalid_code', null, [], null])
    const session = await client.login({ ticket, recovery: recovery_codes[0]! })
    expect(session.user_id).toBeGreaterThan(0)
    expect((await client.fetch('/user/me')).status).toBe(200)
    expect(await client.factors()).toMatchObject({ factors: [{ type: 'totp', name: null }], recovery_codes_left: 9 })
    expect((await refused(client.login({ ticket, recovery: recovery_codes[1]! }))).code).toBe('invalid_ticket')

    const { code } = await refused(client.reauth({ totp: '000000' }))
    expect(code).toBe('invalid_code')
    const later = app.generate({ timestamp: Date.now() + 30_000 }) // every step works once
    expect(await client.reauth({ totp: later })).toEqual(client.session)
    expect((await client.fetch('/user/me/export')).status).toBe(200)
  })

  it('signs in with a mailed code, and shows one again', async () => {
    const { email } = await person()
    const { ticket, expires_in } = await client.mailCode(email)
    expect(expires_in).toBe(600)
    expect((await refused(client.login({ ticket, code: 'AAAA-AAAA' }))).code).toBe('invalid_code')
    await client.login({ ticket, code: await mailbox.code(email) })
    expect((await client.fetch('/user/me')).status).toBe(200)
    const again = await client.mailCode(email)
    await client.reauth({ ticket: again.ticket, code: await mailbox.code(email, 2) })
    expect((await client.fetch('/user/me')).status).toBe(200)
  })

  it('says that there are no passkeys', async () => {
    const { askPasskey } = await import('../../src/client/index.ts')
    const request = await client.requestPasskey()
    expect(request).toEqual({ ticket: expect.stringMatching(/^lkt_/), publicKey: expect.any(Object), expires_in: 600 })
    await expect(askPasskey(request)).rejects.toThrow('There are no passkeys here.')
  })
})

describe.skipIf(withoutChromium())('with a passkey', () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await launchBrowser()
  })
  afterAll(() => browser?.close())

  it('signs in with it alone, shows it again, and completes a password with it', async () => {
    const [login, page] = [await person(), await (await browser.newContext()).newPage()]
    await plugIn(page)
    await page.goto(`${service.url}/docs`) // of this origin, and asks for nothing
    const owner = createClient({ url: service.url, storage: memoryStorage() })
    await owner.login(login)
    const { publicKey } = await post<{ publicKey: object }>(owner, '/user/passkeys/options')
    await post(owner, '/user/passkeys', { credential: await ask(page, 'create', publicKey) })
    // As text, because what is written here as an import would become another one.
    await page.evaluate(`import('/client/index.js').then((client) => { globalThis.own = client })`)
    const steps = await page.evaluate(
      async ([url, email, password]) => {
        const { own } = globalThis as unknown as { own: typeof import('../../src/client/index.ts') }
        const client = own.createClient({ url, storage: own.memoryStorage() })
        const alone = await client.login(await own.askPasskey(await client.requestPasskey()))
        const again = await client.reauth(await own.askPasskey(await client.requestPasskey()))
        const { factors } = await client.factors()
        const json = { method: 'PUT', headers: { 'Content-Type': 'application/json' }, body: '{"on":true}' }
        const { status } = await client.fetch('/user/second-factor', json)
        await client.logout()
        const error = (await client.login({ email, password }).catch((thrown: unknown) => thrown)) as LatchkeyError
        const request = await client.requestPasskey(error.ticket!)
        const second = await client.login(await own.askPasskey(request))
        return {
          users: [alone, again, second].map(({ user_id }) => user_id),
          types: factors.map(({ type }) => type),
          status,
          methods: error.methods,
        }
      },
      [service.url, login.email, login.password] as const,
    )
    expect(new Set(steps.users)).toEqual(new Set([owner.session!.user_id]))
    expect(steps).toMatchObject({ types: ['passkey'], status: 200, methods: expect.arrayContaining(['passkey']) })
    await page.context().close()
  })
})
