/** src/client against a real service: in Node, and in two tabs of Chromium that share a session. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Client, createClient, LatchkeyError, memoryStorage, type TokenStorage } from '../../src/client/index.ts'
import { launchBrowser, withoutChromium } from './browser.ts'
import { type Service, startService } from './service.ts'

let service: Service
let site: Server
let origin: string

beforeAll(async () => {
  site = createServer((_, response) => void response.setHeader('Content-Type', 'text/html').end(application()))
  await new Promise<void>((done) => site.listen(0, 'localhost', done))
  origin = `http://localhost:${(site.address() as AddressInfo).port}`
  service = await startService({ vars: { ALLOWED_ORIGINS: origin } })
})
afterAll(async () => {
  await service?.stop()
  site?.close()
})

/** A page that has nothing but the address of the service. */
const application = () => `<!doctype html>
<title>App</title>
<link rel="icon" href="data:," />
<script type="module">
  import { createClient } from '${service?.url}/client/index.js'
  const client = createClient({ url: '${service?.url}' })
  globalThis.tab = { client, changes: 0 }
  client.subscribe(() => globalThis.tab.changes++)
</script>`

type Held = { access_token: string; refresh_token: string; expires_at: number }

const tokensName = () => `latchkey tokens ${service.url}`
const held = (storage: TokenStorage) => JSON.parse(storage.read(tokensName()) ?? 'null') as Held | null
const change = (storage: TokenStorage, how: (tokens: Held) => Partial<Held>) =>
  storage.write(tokensName(), JSON.stringify({ ...held(storage)!, ...how(held(storage)!) }))

describe('an address', () => {
  it.each([
    'localhost:8787',
    'login.example',
    '//login.example',
    '/login',
    '',
    'ftp://login.example',
    'https:',
    'https://somebody:a-password@login.example',
    'https://login.example/login',
    'https://login.example?lang=ko',
    'https://login.example#top',
    undefined as unknown as string,
  ])('that is no origin is refused at once, and not repeated: %s', (url) => {
    const without = (what: () => unknown) => {
      expect(what).toThrow(TypeError)
      expect(what).toThrow(/an address like https:\/\/login\.example\.com/)
      expect(what).not.toThrow(/a-password/)
    }
    without(() => createClient({ url, storage: memoryStorage() }))
    without(() => createClient({ url: 'https://login.example', origins: [url], storage: memoryStorage() }))
  })

  it.each(['https://login.example', 'https://login.example/', 'HTTPS://Login.Example:443', 'http://localhost:8787'])(
    'that is one is taken: %s',
    async (url) => {
      const asked: string[] = []
      const network = (request: Request) => {
        asked.push(request.url)
        return Promise.resolve(new Response())
      }
      const own = createClient({ url, origins: [`${new URL(url).origin}/`], storage: memoryStorage(), fetch: network })
      await own.fetch('/action')
      expect(asked).toEqual([`${new URL(url).origin}/action`])
    },
  )
})

describe('in Node', () => {
  let storage: TokenStorage
  let client: Client
  /** What was asked of the service, in order. */
  let asked: string[]
  /** Stands between the client and the network. */
  let network: (request: Request) => Promise<Response>

  const clientOn = (own: TokenStorage) =>
    createClient({
      url: service.url,
      storage: own,
      fetch: (request) => {
        asked.push(`${request.method} ${new URL(request.url).pathname}`)
        return network(request)
      },
    })

  beforeEach(() => {
    asked = []
    network = (request) => fetch(request)
    storage = memoryStorage()
    client = clientOn(storage)
  })

  const expired = () => change(storage, () => ({ expires_at: 0 }))
  const act = async (by = client) => (await by.fetch('/action', { method: 'POST' })).status

  it('signs in, acts, tells of changes, signs out, and keeps the device', async () => {
    const seen: (number | undefined)[] = []
    const stop = client.subscribe(() => seen.push(client.session?.user_id))
    expect(client.session).toBeNull()
    const session = await client.login(service.demo)
    expect(session).toEqual({ user_id: expect.any(Number), roles: [], expires_at: expect.any(Number) })
    expect(client.session).toBe(client.session)
    expect(await act()).toBe(200)

    const { access_token } = held(storage)!
    await client.logout()
    expect([client.session, held(storage), await act()]).toEqual([null, null, 401])
    const old = await fetch(`${service.url}/user/me`, { headers: { Authorization: access_token } })
    expect(old.status).toBe(401)
    expect(seen).toEqual([session.user_id, undefined])

    stop()
    const shown: string[] = []
    network = async (request) => {
      if (request.url.endsWith('/login'))
        shown.push(((await request.clone().json()) as { device_token: string }).device_token)
      return fetch(request)
    }
    await client.login(service.demo)
    expect(shown).toEqual([expect.stringMatching(/^lkd_/)])
    expect(seen).toHaveLength(2)
  })

  it('has an error of a code for a refusal', async () => {
    const error = await client
      .login({ email: service.demo.email, password: 'wrong' })
      .catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(LatchkeyError)
    const { code, status, request_id } = error as LatchkeyError
    expect([code, status, request_id]).toEqual(['invalid_credentials', 401, expect.stringMatching(/^[0-9a-f-]{36}$/)])
    const { errors } = (await client
      .login({ email: '', password: 'x' })
      .catch((thrown: unknown) => thrown)) as LatchkeyError
    expect(errors).toEqual([{ field: 'email', code: 'required' }])
    network = () => Promise.resolve(new Response('<h1>Bad gateway</h1>', { status: 502 }))
    const { code: strange } = (await client.login(service.demo).catch((thrown: unknown) => thrown)) as LatchkeyError
    expect(strange).toBe('unexpected_answer')
  })

  it('renews before the end, once for ten requests at once', async () => {
    await client.login(service.demo)
    const before = held(storage)!
    expired()
    expect(await Promise.all(Array.from({ length: 10 }, () => act()))).toEqual(Array(10).fill(200))
    expect(asked.filter((one) => one === 'POST /user/refresh')).toHaveLength(1)
    expect(held(storage)!.refresh_token).not.toBe(before.refresh_token)
    expect(held(storage)!.expires_at).toBeGreaterThan(Date.now() / 1000)
  })

  it('renews once when the token is refused, and sends the body again', async () => {
    await client.login(service.demo)
    change(storage, ({ access_token }) => ({ access_token: `${access_token.slice(0, -10)}AAAAAAAAAA` }))
    const answer = await client.fetch('/user/reauth', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ password: service.demo.password }),
    })
    expect(answer.status).toBe(200)
    expect(asked.slice(1)).toEqual(['POST /user/reauth', 'POST /user/refresh', 'POST /user/reauth'])
    expect(((await answer.json()) as { access_token: string }).access_token).toBe(held(storage)!.access_token)
  })

  it('keeps the tokens of a session that is fresh, because those of the former one are worth nothing', async () => {
    await client.login(service.demo)
    const before = held(storage)!
    const json = { method: 'POST', headers: { 'Content-Type': 'application/json' } }
    const answer = await client.fetch('/user/reauth', {
      ...json,
      body: JSON.stringify({ password: service.demo.password }),
    })
    expect(answer.status).toBe(200)
    expect(held(storage)!.refresh_token).not.toBe(before.refresh_token)
    expect(await act()).toBe(200)
    expired()
    expect(await act()).toBe(200)
    const former = await fetch(`${service.url}/user/me`, {
      headers: { Authorization: `Bearer ${before.access_token}` },
    })
    expect(former.status).toBe(401)
  })

  it('does not renew for other refusals', async () => {
    await client.login(service.demo)
    const wrong = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"password":"wrong"}' }
    expect((await client.fetch('/user/reauth', wrong)).status).toBe(401)
    expect(asked.slice(1)).toEqual(['POST /user/reauth'])
  })

  it('ends the session when the service says so, and only then', async () => {
    await client.login(service.demo)
    expired()
    network = () => Promise.reject(new TypeError('no network'))
    await expect(act()).rejects.toThrow('no network')
    network = () => Promise.resolve(Response.json({}, { status: 503 }))
    await expect(act()).rejects.toThrow('503')
    expect(client.session).not.toBeNull()

    network = (request) => fetch(request)
    await fetch(`${service.url}/user/logout`, {
      method: 'POST',
      headers: { Authorization: held(storage)!.access_token },
    })
    expect(await act()).toBe(401)
    expect([client.session, held(storage)]).toEqual([null, null])
  })

  it('goes on with a token that is still good while it cannot be renewed', async () => {
    await client.login(service.demo)
    change(storage, () => ({ expires_at: Math.floor(Date.now() / 1000) + 20 }))
    network = (request) => (request.url.endsWith('/refresh') ? Promise.reject(new TypeError('lost')) : fetch(request))
    expect(await act()).toBe(200)
    expect(asked.slice(1)).toEqual(['POST /user/refresh', 'POST /user/refresh', 'POST /action'])
  })

  it('asks again at once for an answer that was lost, and loses no refresh token', async () => {
    await client.login(service.demo)
    expired()
    let lost = 0
    network = async (request) => {
      const answer = await fetch(request)
      if (request.url.endsWith('/refresh') && lost++ === 0) throw new TypeError('the answer was lost')
      return answer
    }
    expect(await act()).toBe(200)
    expired()
    expect(await act()).toBe(200)
    expect(lost).toBe(3)
  })

  it('writes the new refresh token before anybody sees it', async () => {
    await client.login(service.demo)
    const before = held(storage)!.refresh_token
    expired()
    const stored: string[] = []
    network = (request) => {
      if (!request.url.endsWith('/refresh')) stored.push(held(storage)!.refresh_token)
      return fetch(request)
    }
    expect(await act()).toBe(200)
    expect(stored).toHaveLength(1)
    expect(stored[0]).not.toBe(before)
  })

  it('does not bring a session back that ended while it was renewed', async () => {
    await client.login(service.demo)
    expired()
    network = async (request) => {
      const answer = await fetch(request)
      if (request.url.endsWith('/refresh')) storage.write(tokensName(), null) // as another tab that signs out
      return answer
    }
    expect(await act()).toBe(401)
    expect(held(storage)).toBeNull()
  })

  it('signs out with a session whose access token has expired', async () => {
    await client.login(service.demo)
    expired()
    const { refresh_token } = held(storage)!
    await client.logout({ everywhere: true })
    const answer = await fetch(`${service.url}/user/refresh`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ refresh_token }),
    })
    expect(answer.status).toBe(401)
    expect(asked.slice(1)).toEqual(['POST /user/refresh', 'POST /user/logout/everywhere'])
  })

  it('shows the token to no origin that was not named', async () => {
    await client.login(service.demo)
    await expect(client.fetch(`${origin}/`)).rejects.toThrow(/not among the origins/)
    expect(asked).toEqual(['POST /user/login'])
    const wider = createClient({
      url: service.url,
      origins: [origin],
      storage,
      fetch: (request) => {
        asked.push(`${request.headers.get('Authorization')?.slice(0, 7)}`)
        return fetch(request)
      },
    })
    expect((await wider.fetch(`${origin}/`)).status).toBe(200)
    expect(asked.at(-1)).toBe('Bearer ')
  })

  it('lists the sessions, and ends one of them', async () => {
    await client.login(service.demo)
    const ids = async () => (await client.sessions()).sessions.map(({ id }) => id)
    const before = await ids()
    const other = clientOn(memoryStorage())
    await other.login(service.demo)
    const [added = ''] = (await ids()).filter((id) => !before.includes(id))
    expect((await other.me()).email).toBe(service.demo.email)
    await client.endSession(added)
    await expect(other.me()).rejects.toMatchObject({ code: 'invalid_token' })
    expect([other.session, await ids()]).toEqual([null, before])
    await expect(client.endSession(added)).rejects.toMatchObject({ code: 'not_found' })
    await expect(other.me()).rejects.toMatchObject({ code: 'login_required' })
    await expect(other.register({ email: 'nobody', password: 'x' })).rejects.toMatchObject({ code: 'invalid_body' })
    await expect(other.reset({ token: 'x', password: 'a password of nobody' })).rejects.toBeInstanceOf(LatchkeyError)
  })

  it('sends a request without a session as it is', async () => {
    expect(await act()).toBe(401)
    expect(asked).toEqual(['POST /action'])
  })
})

describe.skipIf(withoutChromium())('in two tabs', () => {
  let browser: Browser
  let context: BrowserContext
  let refreshes: number
  beforeAll(async () => void (browser = await launchBrowser()))
  afterAll(() => browser?.close())

  type Tab = { client: Client; changes: number }

  async function openTab({ locks }: { locks: boolean }): Promise<Page> {
    const page = await context.newPage()
    page.on('request', (request) => {
      if (request.method() === 'POST' && request.url().endsWith('/user/refresh')) refreshes++
    })
    if (!locks) await page.addInitScript(() => Object.defineProperty(navigator, 'locks', { value: undefined }))
    await page.goto(origin)
    await page.waitForFunction(() => 'tab' in globalThis)
    return page
  }

  const logIn = (page: Page) =>
    page.evaluate(
      async (demo) => void (await (globalThis as unknown as { tab: Tab }).tab.client.login(demo)),
      service.demo,
    )
  const user = (page: Page) =>
    page.evaluate(() => (globalThis as unknown as { tab: Tab }).tab.client.session?.user_id ?? null)
  const act = (page: Page, times: number) =>
    page.evaluate(async (length) => {
      const { client } = (globalThis as unknown as { tab: Tab }).tab
      const one = async () => (await client.fetch('/action', { method: 'POST' })).status
      return Promise.all(Array.from({ length }, one))
    }, times)
  const expire = (page: Page) =>
    page.evaluate((name) => {
      const tokens = JSON.parse(localStorage.getItem(name)!) as object
      localStorage.setItem(name, JSON.stringify({ ...tokens, expires_at: 0 }))
    }, tokensName())

  beforeEach(async () => {
    await context?.close()
    context = await browser.newContext()
    refreshes = 0
  })

  it('one renews for both, where there are Web Locks', async () => {
    const [one, two] = [await openTab({ locks: true }), await openTab({ locks: true })]
    await logIn(one)
    await expire(one)
    expect(await Promise.all([act(one, 5), act(two, 5)])).toEqual([Array(5).fill(200), Array(5).fill(200)])
    expect(refreshes).toBe(1)
  })

  it('both stay signed in, where there are none', async () => {
    const [one, two] = [await openTab({ locks: false }), await openTab({ locks: false })]
    await logIn(one)
    for (let round = 0; round < 3; round++) {
      await expire(one)
      expect(await Promise.all([act(one, 5), act(two, 5)])).toEqual([Array(5).fill(200), Array(5).fill(200)])
    }
    expect(refreshes).toBeGreaterThanOrEqual(3)
    expect([await user(one), await user(two)]).toEqual([1_000_000, 1_000_000])
  })

  it('what one does, the other is told', async () => {
    const [one, two] = [await openTab({ locks: true }), await openTab({ locks: true })]
    expect(await user(two)).toBeNull()
    await logIn(one)
    await two.waitForFunction(() => (globalThis as unknown as { tab: Tab }).tab.changes > 0)
    expect(await user(two)).toBe(1_000_000)
    await two.evaluate(() => (globalThis as unknown as { tab: Tab }).tab.client.logout())
    await one.waitForFunction(() => (globalThis as unknown as { tab: Tab }).tab.client.session === null)
    expect(await act(one, 1)).toEqual([401])
  })

  it('a page that is loaded again is still signed in', async () => {
    const one = await openTab({ locks: true })
    await logIn(one)
    await one.close()
    expect(await act(await openTab({ locks: true }), 1)).toEqual([200])
  })
})
