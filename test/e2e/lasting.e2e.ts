/** A sign-in that lasts, in the three engines; and in Chromium what goes wrong on the way: tabs, lost answers, copies. */
import { createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchBrowser, openPage, withoutChromium } from './browser.ts'
import { type Engine, engines, type Window } from './engines.ts'
import { execute, query, type Service, startService } from './service.ts'

const [HOUR, DAY] = [3_600, 86_400]

let service: Service
let secure: Service
beforeAll(async () => {
  service = await startService()
  secure = await startService({ args: ['--local-protocol', 'https'] })
})
afterAll(async () => {
  for (const started of [service, secure]) await started?.stop()
})

/** So much time passes for every session. The browser's part is to drop the access token when its Max-Age is over. */
const pass = ({ persistTo }: Service, seconds: number) =>
  execute(
    persistTo,
    `UPDATE sessions SET ${['created_at', 'auth_time', 'refreshed_at', 'expires_at', 'tokens_until']
      .map((column) => `${column} = ${column} - ${seconds}`)
      .join(', ')}`,
  )

describe.each(engines)('in $name', ({ isMissing, start }: Engine) => {
  const signInAndStay = async (window: Window, { url, demo, ...own }: Service, prefix: string) => {
    const [session, renewal] = [`${prefix}latchkey`, `${prefix}latchkey-renewal`] as const
    const kept = async () =>
      Object.fromEntries(
        (await window.cookies()).map(({ name, value, ...attributes }) => [name, { value, attributes }]),
      )
    await window.open(`${url}/account`)
    await window.type('#email', demo.email)
    await window.type('#password', demo.password)
    await window.press('form[action="/login"] [type=submit]')
    expect(await window.url()).toBe(`${url}/account`)
    const first = await kept()
    expect(first[renewal]!.attributes).toMatchObject({ secure: prefix !== '', httpOnly: true })

    await window.open(`${url}/account/security`)
    expect((await kept())[renewal]).toEqual(first[renewal])

    await pass({ ...own, url, demo }, 25 * HOUR)
    await window.forget(session)
    await window.open(`${url}/account`)
    expect(await window.text()).toContain(demo.email)
    const second = await kept()
    expect(second[renewal]!.value).not.toBe(first[renewal]!.value)
    expect(Object.keys(second)).toContain(session)

    await window.press('form[action="/logout"] [type=submit]')
    const left = Object.keys(await kept())
    expect([left.includes(session), left.includes(renewal)]).toEqual([false, false])
    await window.open(`${url}/account`)
    expect(await window.url()).toBe(`${url}/login?return_to=/account`)
  }

  it.skipIf(isMissing)('signs in on http://localhost, stays, renews and signs out', async () => {
    const window = await start()
    try {
      await signInAndStay(window, service, '')
    } finally {
      await window.close()
    }
  })

  it.skipIf(isMissing)('does so over https', async () => {
    const window = await start({ acceptInsecureCerts: true })
    try {
      await signInAndStay(window, secure, '__Host-')
    } finally {
      await window.close()
    }
  })
})

/** What is between the browser and the service. It can hold an answer that the service has given, and then lose it. */
async function startLine(target: string) {
  let held: { path: string; arrived: () => void; lost: Promise<void> } | undefined
  const server: Server = createServer((asked, response) => {
    const { method, headers, url = '/' } = asked
    const onward = request(target + url, { method, headers }, (answer) => {
      const pass = () => void answer.pipe(response.writeHead(answer.statusCode!, answer.headers))
      if (held?.path !== url) return pass()
      const { arrived, lost } = held
      held = undefined
      arrived()
      void lost.then(() => response.destroy())
    })
    asked.pipe(onward)
  })
  await new Promise<void>((done) => server.listen(0, 'localhost', done))
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    /** Holds the next answer for this path. `arrived`: it has come from the service. `lose`: it never comes to the browser. */
    hold(path: string) {
      const [arrived, lost] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
      held = { path, arrived: arrived.resolve, lost: lost.promise }
      return { arrived: arrived.promise, lose: lost.resolve }
    },
    stop: () => server.close(),
  }
}

describe.skipIf(withoutChromium())('in Chromium, a person who is signed in', () => {
  let browser: Browser
  let line: Awaited<ReturnType<typeof startLine>>
  beforeAll(async () => {
    browser = await launchBrowser()
    line = await startLine(service.url)
  })
  afterAll(async () => {
    line?.stop()
    await browser?.close()
  })

  async function signIn(keep = true): Promise<{ page: Page; context: BrowserContext }> {
    const [page] = await openPage(browser)
    await page.goto(`${line.url}/account`)
    await page.fill('#email', service.demo.email)
    await page.fill('#password', service.demo.password)
    await page.getByLabel('Keep me signed in').setChecked(keep)
    await page.click('form[action="/login"] [type=submit]')
    await page.waitForURL(`${line.url}/account`)
    return { page, context: page.context() }
  }
  const night = async (context: BrowserContext, seconds = 25 * HOUR) => {
    await pass(service, seconds)
    await context.clearCookies({ name: 'latchkey' })
  }
  const renewalOf = async (context: BrowserContext) =>
    (await context.cookies()).find(({ name }) => name === 'latchkey-renewal')
  const shows = async (page: Page) => expect(await page.innerText('main')).toContain(service.demo.email)
  const standing = async () =>
    (await query<{ n: number }>(service.persistTo, 'SELECT count(*) AS n FROM sessions WHERE revoked_at IS NULL'))[0]!.n

  it('is still signed in after 25 hours, and no longer after 8 idle days', async () => {
    const { page, context } = await signIn()
    await night(context)
    await page.goto(`${line.url}/account`)
    await shows(page)
    await night(context, 8 * DAY)
    await page.goto(`${line.url}/account`)
    expect(page.url()).toBe(`${line.url}/login?return_to=/account`)
    await context.close()
  })

  it('stays so until the browser closes, if the box is not ticked', async () => {
    const { page, context } = await signIn(false)
    await night(context)
    await page.goto(`${line.url}/account`)
    await shows(page)
    const expiries = (await context.cookies()).map(({ name, expires }) => [name, expires === -1])
    expect(Object.fromEntries(expiries)).toMatchObject({
      latchkey: true,
      'latchkey-renewal': true,
      'latchkey-device': false,
    })
    await context.close()
  })

  it('stays so in both of two tabs that wake up together', async () => {
    const { page, context } = await signIn()
    const other = await context.newPage()
    await other.goto(`${line.url}/account/security`)
    const before = await standing()
    await night(context)
    await Promise.all([page.reload(), other.reload()])
    await shows(page)
    expect(other.url()).toBe(`${line.url}/account/security`)
    await night(context)
    await Promise.all([other.goto(`${line.url}/account`), page.goto(`${line.url}/account`)])
    await shows(page)
    await shows(other)
    expect(await standing()).toBe(before)
    await context.close()
  })

  it('stays so when a page is stopped while it loads', async () => {
    const { page, context } = await signIn()
    const before = await renewalOf(context)
    await night(context)
    const answer = line.hold('/account/security')
    const loading = page.goto(`${line.url}/account/security`).catch((error: unknown) => String(error))
    await answer.arrived
    await (await context.newCDPSession(page)).send('Page.stopLoading')
    expect(await loading).toContain('ERR_ABORTED')
    answer.lose()
    expect((await renewalOf(context))?.value).toBe(before?.value)
    await page.goto(`${line.url}/account`)
    await shows(page)
    expect((await renewalOf(context))?.value).not.toBe(before?.value)
    await context.close()
  })

  it('is signed out when a copy of an old cookie is used after its successor was shown', async () => {
    const { page, context } = await signIn()
    const copy = await renewalOf(context)
    await night(context)
    await page.goto(`${line.url}/account`) // renewed
    await page.goto(`${line.url}/account`) // shown
    await shows(page)
    await pass(service, HOUR)
    const [thief] = await openPage(browser)
    await thief.context().addCookies([copy!])
    await thief.goto(`${line.url}/account`)
    expect(thief.url()).toBe(`${line.url}/login?return_to=/account`)
    await page.goto(`${line.url}/account`)
    expect(page.url()).toBe(`${line.url}/login?return_to=/account`)
    const audit = "SELECT event FROM audit_events WHERE event = 'refresh_token_replayed'"
    expect(await query(service.persistTo, audit)).toHaveLength(1)
    await thief.context().close()
    await context.close()
  })
})
