/** One way to use three browsers: what a person does on a page without script, and the cookies that are kept. */
import { execFileSync } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import puppeteer from 'puppeteer-core'
import { launchBrowser, withoutChromium } from './browser.ts'
import { freePort, launch, ROOT, skipWithout } from './service.ts'

export type Cookie = { name: string; value: string; secure: boolean; httpOnly: boolean }

export type Engine = {
  name: string
  /** Whether its tests must be left out. */
  isMissing: boolean
  start: (options?: { acceptInsecureCerts?: boolean }) => Promise<Window>
}

/** A window of a browser with a profile of its own. Fields and buttons are found by CSS. */
export type Window = {
  open: (url: string) => Promise<void>
  type: (field: string, text: string) => Promise<void>
  /** Presses what leads to another page, and waits for that. */
  press: (button: string) => Promise<void>
  url: () => Promise<string>
  text: () => Promise<string>
  cookies: () => Promise<Cookie[]>
  /** Drops a cookie, as the browser does when its Max-Age is over. */
  forget: (name: string) => Promise<void>
  close: () => Promise<void>
}

const FIREFOX = process.env['FIREFOX'] ?? '/usr/bin/firefox-esr'

const chromium: Engine = {
  name: 'Chromium',
  isMissing: withoutChromium(),
  async start({ acceptInsecureCerts = false } = {}) {
    const browser = await launchBrowser()
    const context = await browser.newContext({ ignoreHTTPSErrors: acceptInsecureCerts, locale: 'en-US' })
    const page = await context.newPage()
    return {
      open: async (url) => void (await page.goto(url)),
      type: (field, text) => page.fill(field, text),
      press: async (button) => void (await Promise.all([page.waitForEvent('load'), page.click(button)])),
      url: () => Promise.resolve(page.url()),
      text: () => page.innerText('body'),
      cookies: () => context.cookies(),
      forget: (name) => context.clearCookies({ name }),
      close: () => browser.close(),
    }
  },
}

const firefox: Engine = {
  name: 'Firefox',
  isMissing: skipWithout(`Firefox at ${FIREFOX}`, () => execFileSync(FIREFOX, ['--version'], { stdio: 'ignore' })),
  async start({ acceptInsecureCerts = false } = {}) {
    const browser = await puppeteer.launch({
      browser: 'firefox',
      executablePath: FIREFOX,
      acceptInsecureCerts,
      // No more than the page is asked for: no updates, no lists of bad sites, no portal to look for.
      extraPrefsFirefox: {
        'intl.accept_languages': 'en-US',
        'network.captive-portal-service.enabled': false,
        'network.connectivity-service.enabled': false,
        'network.dns.disablePrefetch': true,
      },
    })
    const page = await browser.newPage()
    return {
      open: async (url) => void (await page.goto(url)),
      type: (field, text) => page.type(field, text),
      press: async (button) => void (await Promise.all([page.waitForNavigation(), page.click(button)])),
      url: () => Promise.resolve(page.url()),
      text: () => page.$eval('body', (body) => body.innerText),
      cookies: async () =>
        (await browser.cookies()).map((cookie) => ({ ...cookie, httpOnly: cookie.httpOnly ?? false })),
      forget: async (name) => {
        const dropped = (await browser.cookies()).filter((cookie) => cookie.name === name)
        await browser.deleteCookie(...dropped)
      },
      close: () => browser.close(),
    }
  },
}

/** WebKitGTK keeps and drops cookies as Safari does. Its driver starts a small browser, which needs a screen. */
const webkit: Engine = {
  name: 'WebKit',
  isMissing: skipWithout('WebKitWebDriver, or xvfb-run', () => {
    for (const tool of ['WebKitWebDriver', 'xvfb-run']) execFileSync(tool, ['--help'], { stdio: 'ignore' })
  }),
  async start({ acceptInsecureCerts = false } = {}) {
    const port = await freePort()
    const driver = launch('xvfb-run', ['-a', 'WebKitWebDriver', `--port=${port}`], {
      cwd: ROOT,
      env: { WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1', LANG: 'C.UTF-8' }, // as root there is no sandbox
    })
    try {
      return await webDriver(`http://127.0.0.1:${port}`, acceptInsecureCerts, driver.stop)
    } catch (error) {
      await driver.stop()
      throw error
    }
  },
}

export const engines: Engine[] = [chromium, firefox, webkit]

/** How a found element is named in an answer (W3C WebDriver, section 12). */
const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf'

async function webDriver(base: string, acceptInsecureCerts: boolean, stop: () => Promise<void>): Promise<Window> {
  const ask = async (method: string, path: string, body?: object): Promise<unknown> => {
    const answer = await fetch(base + path, { method, ...(body && { body: JSON.stringify(body) }) })
    const { value } = (await answer.json()) as { value: unknown }
    if (!answer.ok) throw new Error(`${method} ${path}: ${JSON.stringify(value)}`)
    return value
  }
  await until(() =>
    ask('GET', '/status').then(
      () => true,
      () => false,
    ),
  )
  const capabilities = { alwaysMatch: { acceptInsecureCerts } }
  const { sessionId } = (await ask('POST', '/session', { capabilities })) as { sessionId: string }
  const session = `/session/${sessionId}`
  const run = (script: string) => ask('POST', `${session}/execute/sync`, { script, args: [] })
  const element = async (css: string, what: string, body: object): Promise<void> => {
    const found = (await ask('POST', `${session}/element`, { using: 'css selector', value: css })) as Record<
      string,
      string
    >
    await ask('POST', `${session}/element/${found[ELEMENT]}/${what}`, body)
  }
  return {
    open: async (url) => void (await ask('POST', `${session}/url`, { url })),
    type: (field, text) => element(field, 'value', { text }),
    press: async (button) => {
      await run('window.isThePageBefore = true')
      await element(button, 'click', {})
      await until(async () => (await run('return !window.isThePageBefore && document.readyState')) === 'complete')
    },
    url: () => ask('GET', `${session}/url`) as Promise<string>,
    text: () => run('return document.body.innerText') as Promise<string>,
    cookies: () => ask('GET', `${session}/cookie`) as Promise<Cookie[]>,
    forget: async (name) => void (await ask('DELETE', `${session}/cookie/${name}`)),
    close: async () => {
      await ask('DELETE', session).catch(() => {}) // it ends with its driver
      await stop()
    },
  }
}

/** @throws Error after a time that is long for anything here */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 30_000; Date.now() < end; await sleep(50)) if (await isSo()) return
  throw new Error('The browser did not do what was asked.')
}
