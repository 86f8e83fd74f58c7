/** Applications that nobody registered: what is fetched of their documents, what is not, and what a person sees of them. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import * as oidc from 'openid-client'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { words } from '../words.ts'
import { launchBrowser, openPage, screenshot, withoutChromium } from './browser.ts'
import { look, submit } from './look.ts'
import { json, serve, type Server as Hosts } from './providers/server.ts'
import { logIn, type Service, startService } from './service.ts'

const { en, ko } = words

/** Every host of documents, as `TEST_DOCUMENTS_URL` has them. */
let hosts: Hosts
/** What must never be asked for anything: a service of this machine that only a document knows. */
let inner: Server
let reached: string[] = []
let inside: { port: number; url: string }
let service: Service
let browser: Browser

const listen = async (server: Server): Promise<number> => {
  await new Promise<void>((done) => server.listen(0, done)) // on IPv4 and IPv6
  return (server.address() as AddressInfo).port
}

/** What a document says beside its own address. Whatever can be an address leads inside. */
const saying = (id: string, more: object = {}) => ({
  client_id: id,
  client_name: 'Their App',
  redirect_uris: ['http://127.0.0.1/callback', 'http://localhost/callback'],
  ...Object.fromEntries(
    ['logo', 'jwks', 'tos', 'policy', 'client', 'sector_identifier', 'initiate_login', 'backchannel_logout'].map(
      (name) => [`${name}_uri`, `${inside.url}/${name}`],
    ),
  ),
  request_uris: [`${inside.url}/request`],
  frontchannel_logout_uri: `${inside.url}/frontchannel`,
  post_logout_redirect_uris: [`${inside.url}/goodbye`],
  token_endpoint_auth_method: 'private_key_jwt',
  ...more,
})

const authorize = (client_id: string, redirect_uri = 'http://127.0.0.1:1/callback') =>
  fetch(
    `${service.url}/oauth/authorize?${new URLSearchParams({
      client_id,
      redirect_uri,
      response_type: 'code',
      scope: 'openid',
      code_challenge: 'x'.repeat(43),
      code_challenge_method: 'S256',
    }).toString()}`,
    { redirect: 'manual' },
  )

const documentsOf = (host: string, answer: (request: IncomingMessage, response: ServerResponse) => void) =>
  hosts.mount(`/${host}`, answer)

describe('a document', () => {
  beforeAll(async () => {
    inner = createServer((request, response) => {
      reached.push(`${request.method} ${request.url}`)
      json(response, saying('https://moved.example/app.json'))
    })
    const port = await listen(inner)
    inside = { port, url: `http://127.0.0.1:${port}` }
    hosts = await serve()
    documentsOf('app.example', (_, response) => {
      const { url } = inside
      response.setHeader('Link', `<${url}/link>; rel=preload, <${url}/next>; rel="next"`)
      response.setHeader('Refresh', `0;url=${url}/refresh`)
      response.setHeader('Set-Cookie', 'x=y')
      json(response, saying('https://app.example/app.json'))
    })
    service = await startService({
      vars: { BCRYPT_COST: '10', CLIENT_ID_METADATA_DOCUMENTS: '*', TEST_DOCUMENTS_URL: hosts.url },
    })
  })
  afterAll(async () => {
    await service?.stop()
    await hosts?.stop()
    inner?.close()
  })

  it('is never fetched from an address of this machine, however it is written', async () => {
    const { port } = inside
    const literal = ['127.0.0.1', 'localhost', '[::1]', '2130706433', '0x7f000001', '0177.0.0.1', '127.1', '0.0.0.0']
    const names = ['a.localhost', 'printer.local', '127.0.0.1.', 'localhost.', '[::ffff:127.0.0.1]', 'user@127.0.0.1']
    for (const host of [...literal, ...names])
      for (const id of [
        `https://${host}:${port}/app.json`,
        `http://${host}:${port}/app.json`,
        `https://${host}/app.json`,
      ])
        expect([id, (await authorize(id)).status]).toEqual([id, 400])
    expect((await authorize(`https://localtest.me:${port}/app.json`)).status).toBe(400)
    expect([reached, hosts.requests]).toEqual([[], []])
  })

  it.each([301, 302, 303, 307, 308])('that is moved by %s is not looked for', async (status) => {
    documentsOf(`moved${status}.example`, (_, response) =>
      response.writeHead(status, { Location: `${inside.url}/app.json`, 'Content-Type': 'application/json' }).end('{}'),
    )
    expect((await authorize(`https://moved${status}.example/app.json`)).status).toBe(400)
    expect(reached).toEqual([])
  })

  it('that does not end, or drips, is given up', async () => {
    const closed: string[] = []
    const answering = (name: string, every: number, size: number) =>
      documentsOf(name, (request, response) => {
        request.on('close', () => closed.push(name))
        response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': String(1e9) })
        const timer = setInterval(() => response.write(' '.repeat(size)), every)
        response.on('close', () => clearInterval(timer))
      })
    answering('endless.example', 1, 65_536)
    answering('drips.example', 100, 1)
    documentsOf('silent.example', (request) => request.on('close', () => closed.push('silent.example')))
    const begun = Date.now()
    const asked = ['endless', 'drips', 'silent'].map((name) => authorize(`https://${name}.example/app.json`))
    expect((await Promise.all(asked)).map(({ status }) => status)).toEqual([400, 400, 400])
    expect(Date.now() - begun).toBeLessThan(10_000)
    await expect
      .poll(() => closed.toSorted(), { timeout: 10_000 })
      .toEqual(['drips.example', 'endless.example', 'silent.example'])
  })

  describe.skipIf(withoutChromium())('of an application', () => {
    /** Two installations, each on a port of its own. */
    const places: { server: Server; callback: string; answers: URL[] }[] = []
    let page: Page
    let complaints: string[]

    beforeAll(async () => {
      browser = await launchBrowser()
      for (const host of ['127.0.0.1', 'localhost']) {
        const answers: URL[] = []
        const server = createServer((request, response) => {
          if (request.url?.startsWith('/callback')) answers.push(new URL(`http://${host}${request.url}`))
          response.setHeader('Content-Type', 'text/html').end('<link rel="icon" href="data:,">arrived')
        })
        places.push({ server, callback: `http://${host}:${await listen(server)}/callback`, answers })
      }
      ;[page, complaints] = await openPage(browser)
      page.setDefaultTimeout(30_000)
    })
    afterAll(async () => {
      await browser?.close()
      for (const { server } of places) server.close()
    })

    const id = 'https://app.example/app.json'
    const discover = () =>
      oidc.discovery(new URL(service.url), id, { token_endpoint_auth_method: 'none' }, oidc.None(), {
        execute: [oidc.allowInsecureRequests],
      })

    async function signIn({ callback }: { callback: string }, pressed: () => Promise<void>) {
      const config = await discover()
      const verifier = oidc.randomPKCECodeVerifier()
      const url = oidc.buildAuthorizationUrl(config, {
        redirect_uri: callback,
        scope: 'openid offline_access',
        code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      })
      await page.goto(url.href)
      await pressed()
      await page.waitForURL((at) => at.href.startsWith(`${callback}?`))
      const tokens = await oidc.authorizationCodeGrant(config, new URL(page.url()), { pkceCodeVerifier: verifier })
      return { config, tokens, renew: () => oidc.refreshTokenGrant(config, tokens.refresh_token!) }
    }

    it('signs in two installations, says who asks, and ends one of them alone', async () => {
      const { demo } = service
      const first = await signIn(places[0]!, async () => {
        await page.locator('input[name=email]').fill(demo.email)
        await page.locator('input[name=password]').fill(demo.password)
        await submit(page, en.signIn)
        await page.getByRole('heading', { name: en.oauth.consent('app.example') }).waitFor()
        await look(page, 'document-consent', true)
        const text = await page.locator('main').innerText()
        for (const said of ['calls itself “Their App”', new URL(places[0]!.callback).origin, en.oauth.toDevice])
          expect(text).toContain(said)
        expect(await page.locator('img').count()).toBe(0)
        await page.getByRole('button', { name: en.oauth.allow, exact: true }).click()
      })
      const second = await signIn(places[1]!, async () => {
        await page.setViewportSize({ width: 360, height: 800 })
        await page.getByRole('link', { name: '한국어' }).click()
        await page.getByRole('heading', { name: ko.oauth.consent('app.example') }).waitFor()
        await look(page, 'document-consent-ko-360', true)
        await page.getByRole('button', { name: ko.oauth.allow, exact: true }).click()
      })
      expect((await first.renew()).access_token).not.toBe('')
      await page.goto(`${service.url}/account`)
      await look(page, 'document-account-ko-360', true)
      await page.setViewportSize({ width: 1280, height: 900 })
      await page.goto(`${service.url}/account?lang=en`)
      await screenshot(page, 'document-account')
      const card = page.locator('section', { has: page.getByRole('heading', { name: en.apps.applications }) })
      expect(await card.innerText()).toContain('app.example')
      const ends = card.getByRole('button', { name: en.signOut })
      expect(await ends.count()).toBe(2)
      await Promise.all([page.waitForEvent('load'), ends.first().click()])
      expect(await ends.count()).toBe(1)
      const renewed = await Promise.allSettled([first.renew(), second.renew()])
      expect(renewed.filter(({ status }) => status === 'fulfilled').length).toBe(1)
      await Promise.all([page.waitForEvent('load'), card.getByRole('button', { name: en.apps.withdraw }).click()])
      expect(await card.count()).toBe(0)
      await page.goto(`${service.url}/oauth/end-session?client_id=${encodeURIComponent(id)}`)
      expect(complaints.filter((text) => !text.includes('404'))).toEqual([])
    })

    it('leads to one request for the document, and to none for anything that it names', async () => {
      await fetch(`${service.url}/cdn-cgi/local/scheduled?cron=*`)
      expect(hosts.requests.filter((one) => one.includes('app.example'))).toEqual(['GET /app.example/app.json'])
      expect(reached).toEqual([])
    })
  })

  it('of an application that is not allowed leaves the service as it was', async () => {
    expect((await logIn(service.url, service.demo)).status).toBe(200)
  })
})
