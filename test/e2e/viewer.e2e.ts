/** The contract as a developer tries it: Swagger UI beside `npm run dev`, and nowhere else. */
import { createServer } from 'node:http'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchBrowser, openPage, screenshot, withoutChromium } from './browser.ts'
import { cleanCopy, freePort, isRunning, familyOf, logIn, run, type Service, startService } from './service.ts'

let service: Service
let viewer: string
beforeAll(async () => {
  service = await startService()
  viewer = /^ *Try the contract +(http:\S+)$/m.exec(service.output())![1]!
})
afterAll(() => service?.stop())

const get = (path: string, headers: Record<string, string> = {}, init: RequestInit = {}) =>
  fetch(viewer + path, { headers, redirect: 'manual', ...init })

describe('the viewer', () => {
  it('has an origin of its own, and a document that names the service', async () => {
    expect(viewer).toBe(`http://127.0.0.1:${service.port + 100}`)
    const document = (await (await get('/viewer/openapi.json')).json()) as { servers: { url: string }[] }
    expect(document.servers.map(({ url }) => url)).toEqual([service.url])
    const served = (await (await fetch(`${service.url}/openapi.json`)).json()) as typeof document
    expect(served).toEqual({ ...document, servers: [{ url: '/', description: expect.any(String) }] })
    expect(served.servers).not.toEqual(document.servers)
  })

  it('passes requests on without what only browsers send', async () => {
    const body = new URLSearchParams(service.demo)
    const signedIn = await fetch(`${service.url}/login`, {
      method: 'POST',
      headers: { Origin: service.url },
      body,
      redirect: 'manual',
    })
    const Cookie = signedIn.headers
      .getSetCookie()
      .map((cookie) => cookie.split(';')[0])
      .join('; ')
    expect((await fetch(`${service.url}/user/me`, { headers: { Cookie } })).status).toBe(200)
    expect((await get('/user/me', { Cookie })).status).toBe(401)
    const form = await get('/login', { Origin: viewer, 'Sec-Fetch-Site': 'same-origin' }, { method: 'POST', body })
    expect(form.headers.getSetCookie()).toEqual([])
  })

  it('answers nobody who comes from elsewhere', async () => {
    for (const site of ['cross-site', 'same-site'])
      expect((await get('/', { 'Sec-Fetch-Site': site })).status).toBe(403)
    expect((await get('/', { 'Sec-Fetch-Site': 'none' })).status).toBe(200)
    const rebound = await run('npx', ['node', '-e', REBOUND, viewer])
    expect(rebound.stdout.trim()).toBe('403 403')
  })

  it('moves on when its port is taken, and ends with the service', async () => {
    const port = await freePort()
    const usual = port + 100
    const taken = createServer()
    await new Promise<unknown>((done) => taken.once('error', done).listen(usual, '127.0.0.1', () => done(taken)))
    try {
      const second = await startService({ port })
      const family = familyOf(second.pid)
      try {
        const other = /^ *Try the contract +(http:\S+)$/m.exec(second.output())![1]!
        expect(new URL(other).port).not.toBe(String(usual))
        expect((await fetch(`${other}/health`)).status).toBe(200)
      } finally {
        await second.stop()
      }
      expect(family.filter((id) => isRunning(id))).toEqual([])
    } finally {
      taken.close()
    }
  })
})

/** Sends what `fetch` does not: the name of another host, and an address in place of a path. */
const REBOUND = `const { request } = require('node:http')
const { port, host: ours, hostname } = new URL(process.argv[1])
const ask = (path, host) => new Promise((done) =>
  request({ port, host: hostname, path, headers: { Host: host } }, (answer) => done(answer.resume().statusCode)).end())
Promise.all([ask('/', 'evil.example:' + port), ask('http://evil.example/', ours)])
  .then((codes) => console.log(codes.join(' ')))`

describe.skipIf(withoutChromium())('in Chromium', () => {
  let browser: Browser
  beforeAll(async () => void (browser = await launchBrowser()))
  afterAll(() => browser?.close())

  it('signs in, keeps the token for what needs one, and asks nobody else', async () => {
    const [page, complaints] = await openPage(browser)
    page.setDefaultTimeout(90_000) // seventy routes, on a busy machine
    const hosts = new Set<string>()
    page.on('request', (request) => void hosts.add(new URL(request.url()).host))
    await page.goto(viewer)
    const route = async (id: string) => {
      const block = page.locator(`[id$="-${id}"]`)
      await block.locator('.opblock-summary-control').click()
      return block
    }
    const login = await route('postUserLogin')
    await login.locator('textarea').fill(JSON.stringify(service.demo))
    await login.getByRole('button', { name: 'Execute' }).click()
    const answer = login.locator('.live-responses-table')
    await answer.getByText('"access_token"').waitFor()
    expect(await login.locator('.curl-command').textContent()).toContain(`${service.url}/user/login`)
    await screenshot(page, 'viewer')

    const me = await route('getUserMe')
    await me.getByRole('button', { name: 'Execute' }).click()
    await me.locator('.live-responses-table').getByText(`"${service.demo.email}"`).waitFor()
    expect([...hosts]).toEqual([new URL(viewer).host])
    expect(complaints).toEqual([])
    expect(await page.evaluate(() => Object.keys(localStorage))).toEqual([])
    await page.context().close()
  })
})

describe('what is deployed', () => {
  it('holds none of it', async () => {
    const root = cleanCopy()
    const out = join(root, 'out')
    const args = ['wrangler', 'deploy', '--dry-run', '--cwd', root, '--outdir', out]
    const quiet = { CLOUDFLARE_CF_FETCH_ENABLED: 'false', WRANGLER_SEND_METRICS: 'false', WRANGLER_HIDE_BANNER: 'true' }
    expect(await run('npx', args, quiet)).toMatchObject({ code: 0 })
    const files = readdirSync(join(root, 'public'), { recursive: true, encoding: 'utf8' }).filter((name) =>
      /\.\w+$/.test(name),
    )
    expect(files).toContain('docs.html')
    for (const text of [join(out, 'index.js'), ...files.map((name) => join(root, 'public', name))].map((path) =>
      readFileSync(path, 'utf8'),
    ))
      expect(text).not.toMatch(/swagger/i)
    expect((await fetch(`${service.url}/viewer/swagger-ui-bundle.js`)).status).toBe(404)
    expect((await logIn(service.url, service.demo)).status).toBe(200)
  })
})
