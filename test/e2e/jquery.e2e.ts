/** The promise to a page: the login that it has, jQuery and a cookie of its own, works from an origin that is allowed. */
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { launchBrowser, openPage, withoutChromium } from './browser.ts'
import { accessToken, query, ROOT, type Service, startService } from './service.ts'

/** The login page of a Flask tutorial, in our own words: it knows the service's address, jQuery, and nothing else. */
const loginPage = (service: string, { type = 'application/json', mark = '' } = {}) => `<!doctype html>
<meta charset="utf-8" />
<title>An application</title>
<script src="/jquery.js"></script>
<form id="login">
  <input id="email" />
  <input id="password" type="password" />
  <button>Log in</button>
</form>
<button id="act">Act</button>
<output id="result"></output>
<script>
  function show(text) {
    $('#result').text(text)
  }
  function showFailure(xhr) {
    show('failed ' + xhr.status + ' ' + xhr.responseText)
  }
  $('#login').on('submit', function (event) {
    event.preventDefault()
    $.ajax({
      method: 'POST',
      url: '${service}/user/login',
      data: ${mark}JSON.stringify({ email: $('#email').val(), password: $('#password').val() }),
      contentType: '${type}',
    })
      .done(function (msg) {
        var until = new Date()
        until.setDate(until.getDate() + 7)
        document.cookie = 'token=' + msg.access_token + '; expires=' + until.toUTCString() + '; path=/'
        show('logged in')
      })
      .fail(showFailure)
  })
  $('#act').on('click', function () {
    var cookie = document.cookie.match(/(?:^|; )token=([^;]*)/)
    $.ajax({ method: 'POST', url: '${service}/action', headers: { Authorization: cookie ? cookie[1] : '' } })
      .done(function (msg) {
        show('acted as ' + msg.user_id)
      })
      .fail(showFailure)
  })
</script>`

/** The same page where one thing is different in what it sends. */
const PAGES: Record<string, { type?: string; mark?: string }> = {
  '/charset': { type: 'application/json; charset=utf8' },
  '/semicolon': { type: 'application/json;' },
  '/vendor': { type: 'application/vnd.api+json' },
  '/mark': { mark: "'\\ufeff' + " },
}

const jquery = readFileSync(join(ROOT, 'node_modules', 'jquery', 'dist', 'jquery.min.js'))

describe.skipIf(withoutChromium())('a page with jQuery on another origin', () => {
  let service: Service
  let browser: Browser
  let page: Page
  let complaints: string[]
  let listed: string
  let unlisted: string
  const servers: Server[] = []

  beforeAll(async () => {
    listed = await serve()
    unlisted = await serve()
    service = await startService({ vars: { ALLOWED_ORIGINS: `https://app.example,${listed}` } })
    browser = await launchBrowser()
  })
  afterEach(() => page?.context().close())
  afterAll(async () => {
    await browser?.close()
    await service?.stop()
    for (const server of servers) server.close()
  })

  /** The origin under which the page is served from now on. */
  async function serve(): Promise<string> {
    const server = createServer((request, response) => {
      const script = request.url === '/jquery.js'
      response.setHeader('Content-Type', script ? 'text/javascript' : 'text/html')
      response.end(script ? jquery : loginPage(service.url, PAGES[request.url ?? '/']))
    })
    await new Promise<void>((done) => server.listen(0, 'localhost', done))
    servers.push(server)
    return `http://localhost:${(server.address() as AddressInfo).port}`
  }

  async function visit(origin: string, path = '/'): Promise<void> {
    ;[page, complaints] = await openPage(browser)
    await page.goto(origin + path)
  }

  async function submit(password: string): Promise<string> {
    await page.fill('#email', service.demo.email)
    await page.fill('#password', password)
    await page.click('#login button')
    return result()
  }

  async function act(): Promise<string> {
    await page.evaluate(() => (document.querySelector('#result')!.textContent = ''))
    await page.click('#act')
    return result()
  }

  async function result(): Promise<string> {
    const output = page.locator('#result')
    await output.filter({ hasText: /./ }).waitFor()
    return output.innerText()
  }

  describe('that is allowed', () => {
    it('logs in, keeps the token for a week and acts with the bare header', async () => {
      await visit(listed)
      expect(await submit(service.demo.password)).toBe('logged in')

      const cookies = await page.context().cookies()
      expect(cookies.map(({ name, path }) => [name, path])).toEqual([['token', '/']])
      const { value: token, expires } = cookies[0]!
      expect(token.split('.')).toHaveLength(3)
      expect((expires - Date.now() / 1000) / 86_400).toBeCloseTo(7, 1)

      const [sent, answer] = await Promise.all([page.waitForRequest((request) => request.method() === 'POST'), act()])
      expect(answer).toBe(`acted as ${await userId(token)}`)
      expect(new URL(sent.url()).pathname).toBe('/action')
      expect((await sent.allHeaders())['authorization']).toBe(token)
      expect(complaints).toEqual([])
    })

    it.each(Object.keys(PAGES))('logs in and acts from a page that writes its request otherwise: %s', async (path) => {
      await visit(listed, path)
      expect(await submit(service.demo.password)).toBe('logged in')
      expect(await act()).toMatch(/^acted as \d+$/)
      expect(complaints).toEqual([])
    })

    it('can read why a login failed', async () => {
      await visit(listed)
      expect(await submit('wrong')).toMatch(/^failed 401 .*"code":"invalid_credentials"/)
      expect(await page.context().cookies()).toEqual([])
    })

    it('can read that a token is missing, and that one is no good', async () => {
      await visit(listed)
      expect(await act()).toMatch(/^failed 401 .*"code":"login_required"/)
      await page.evaluate(() => (document.cookie = 'token=not.a.token; path=/'))
      expect(await act()).toMatch(/^failed 401 .*"code":"invalid_token"/)
    })
  })

  const userId = async (token: string): Promise<number> => {
    const me = await fetch(`${service.url}/user/me`, { headers: { Authorization: token } })
    return ((await me.json()) as { user_id: number }).user_id
  }

  describe('that is not allowed', () => {
    const sessions = async () => {
      const [row] = await query<{ count: number }>(service.persistTo, 'SELECT count(*) AS count FROM sessions')
      return row!.count
    }

    it('can neither log in nor act with a good token', async () => {
      const token = await accessToken(service.url, service.demo)
      const before = await sessions()
      await visit(unlisted)
      expect(await submit(service.demo.password)).toMatch(/^failed 0 /)
      expect(await page.context().cookies()).toEqual([])

      await page.evaluate((value) => (document.cookie = `token=${value}; path=/`), token)
      expect(await act()).toMatch(/^failed 0 /)
      expect(complaints.filter((text) => text.includes('blocked by CORS policy'))).toHaveLength(2)
      expect(await sessions()).toBe(before)
    })

    it('cannot avoid the question whether it is allowed', async () => {
      const before = await sessions()
      await visit(unlisted)
      const outcome = await page.evaluate(
        async ([url, body]) => {
          const types = ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']
          const modes = ['cors', 'no-cors'] as const
          const tries = types.flatMap((type) => modes.map((mode) => [type, mode] as const))
          return Promise.all(
            tries.map(async ([type, mode]) => {
              const options = { method: 'POST', mode, body: body!, headers: { 'Content-Type': type } }
              return fetch(`${url}/user/login`, options).then(
                async (response) => `${type}, ${mode}: ${response.type} ${await response.text()}`,
                () => 'unreadable',
              )
            }),
          )
        },
        [service.url, JSON.stringify(service.demo)],
      )
      expect(outcome).toEqual(Array.from({ length: 6 }, () => 'unreadable'))
      expect(await sessions()).toBe(before)
    })
  })
})
