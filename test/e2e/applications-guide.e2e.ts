/** The examples of docs/applications.md, taken from the page as they stand and run with real browsers and libraries. */
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createViteServer } from 'vitest/node'
import { clientInDocument } from '../../src/features/oauth/documents/read.ts'
import { words } from '../words.ts'
import { launchBrowser, openPage, withoutChromium } from './browser.ts'
import { submit } from './look.ts'
import { PYTHON, withoutPython } from './python.ts'
import {
  accessToken,
  freePort,
  freshClone,
  launch,
  ROOT,
  type Running,
  type Service,
  startService,
  temporaryFolder,
} from './service.ts'

const PAGE = readFileSync(join(ROOT, 'docs', 'applications.md'), 'utf8')
const BLOCKS = PAGE.matchAll(/^```\w+\n(?:\/\/|#|<!--) (\S+).*\n([\s\S]*?)^```/gm)
/** The examples by their file names, which stand in their first lines. */
const EXAMPLES = new Map([...BLOCKS].map(([, name = '', text = '']) => [name, text]))
const [COMMANDS = ''] = [...PAGE.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, text]) => text)

const { en } = words

type Registered = { client_id: string; client_secret?: string }

let root: string
let folder: string
let service: Service
let ports: Record<'next' | 'flask' | 'vite' | 'api', number>
const clients = new Map<string, Registered>()

function write(where: string, ...names: string[]): string {
  for (const name of names) {
    mkdirSync(dirname(join(folder, where, name)), { recursive: true })
    writeFileSync(join(folder, where, name), EXAMPLES.get(name)!)
  }
  writeFileSync(join(folder, where, 'package.json'), '{"type":"module"}')
  return join(folder, where)
}

/** Runs a command of the page. Only a back channel is told a port that cannot differ. */
async function register(command: string): Promise<void> {
  const here = `${command.replaceAll('http://127.0.0.1:5000/back', `http://127.0.0.1:${ports.flask}/back`)} --json`
  const running = launch('bash', ['-c', here], { cwd: root })
  expect(`${await running.exited} ${running.output()}`).toMatch(/^0 /)
  const shown = JSON.parse(running.stdout().slice(running.stdout().indexOf('{'))) as Registered & { name: string }
  clients.set(shown.name, shown)
}

beforeAll(async () => {
  root = temporaryFolder()
  freshClone(root)
  mkdirSync(join(ROOT, '.wrangler'), { recursive: true }) // beside node_modules; git ignores it
  folder = mkdtempSync(join(ROOT, '.wrangler', 'applications-'))
  ports = { next: await freePort(), flask: await freePort(), vite: await freePort(), api: await freePort() }
  service = await startService({ root, persistTo: join(root, '.wrangler', 'state') })
  for (const command of COMMANDS.trim().split('\n')) await register(command)
}, 300_000)
afterAll(async () => {
  await service?.stop()
  for (const made of [root, folder]) rmSync(made, { recursive: true, force: true })
})

it('leaves out no example', () => {
  const next = ['login', 'callback', 'logout', 'api/me'].map((name) => `app/${name}/route.js`)
  const others = ['index.html', 'main.js', 'latchkey.js', 'app.py', 'phone.js', 'terminal.js', 'api.js']
  expect([...EXAMPLES.keys()].sort()).toEqual([...next, ...others].sort())
  expect(PAGE.match(/^```\w/gm)).toHaveLength(EXAMPLES.size + 2) // the command that registers, and the document
  expect([...clients.keys()]).toHaveLength(5)
})

it('shows a document that is taken as it is', () => {
  const document = JSON.parse(/^```json\n(.*?)```$/ms.exec(PAGE)![1]!) as { client_id: string; redirect_uris: string[] }
  const { redirect_uris } = clientInDocument(document.client_id, document, { now: 0, seconds: 60 })
  expect(redirect_uris).toEqual(document.redirect_uris)
})

it('shows a secret to those applications alone that can keep one', () => {
  const kept = [...clients].filter(([, { client_secret }]) => client_secret !== undefined).map(([name]) => name)
  expect(kept).toEqual(['Shop', 'Forum'])
})

/** The settings of an application, as its host gives them. */
const envOf = (name: string): Record<string, string> => {
  const { client_id, client_secret } = clients.get(name)!
  return { LATCHKEY_URL: service.url, CLIENT_ID: client_id, ...(client_secret && { CLIENT_SECRET: client_secret }) }
}

async function logIn(page: Page): Promise<void> {
  await page.locator('input[name=email]').fill(service.demo.email)
  await page.locator('input[name=password]').fill(service.demo.password)
  await page.getByRole('button', { name: en.signIn, exact: true }).click()
}

async function listening(running: Running, port: number): Promise<void> {
  while (!(await fetch(`http://127.0.0.1:${port}/`).catch(() => undefined))) {
    if (running.hasExited()) throw new Error(running.output())
    await sleep(100)
  }
}

type Route = Record<string, ((request: Request) => Promise<Response>) | undefined>

/** What a page of the application shows. */
const HOME = `<link rel="icon" href="data:,"><form method="post" action="/login"><button>Sign in</button></form>
<form method="post" action="/logout"><button>Sign out</button></form>`

/** Answers by the route files of a folder, as Next does. */
async function serveRoutes(at: string, port: number): Promise<Server> {
  const routeOf = (path: string) =>
    import(/* @vite-ignore */ join(at, 'app', path, 'route.js')).then(
      (route: Route) => route,
      () => undefined,
    )
  const answerTo = async ({ url = '', method = '', headers }: IncomingMessage): Promise<Response> => {
    const { pathname, href } = new URL(url, 'http://behind-a-proxy:3000')
    const act = (await routeOf(pathname))?.[method]
    const init = { method, headers: { Cookie: headers.cookie ?? '' } }
    if (act) return act(new Request(href, init))
    return pathname === '/'
      ? new Response(HOME, { headers: { 'Content-Type': 'text/html' } })
      : new Response(null, { status: 404 })
  }
  const send = async (request: IncomingMessage, response: ServerResponse) => {
    const answer = await answerTo(request).catch((error: unknown) => new Response(String(error), { status: 500 }))
    response.writeHead(answer.status, [...answer.headers].flat())
    response.end(await answer.text())
  }
  const server = createServer((request, response) => void send(request, response))
  await new Promise<void>((done) => server.listen(port, 'localhost', done))
  return server
}

describe.skipIf(withoutChromium())('in a browser', () => {
  let browser: Browser
  beforeAll(async () => void (browser = await launchBrowser()))
  afterAll(() => browser?.close())

  const opened = async (): Promise<[Page, string[]]> => {
    const [page, complaints] = await openPage(browser)
    page.setDefaultTimeout(30_000)
    return [page, complaints]
  }

  it('the single-page app signs in, out of itself and out everywhere', async () => {
    const at = write('spa', 'index.html', 'main.js')
    const { client_id } = clients.get('Notes')!
    writeFileSync(join(at, '.env'), `VITE_LATCHKEY_URL=${service.url}\nVITE_CLIENT_ID=${client_id}\n`)
    const vite = await createViteServer({
      root: at,
      configFile: false,
      logLevel: 'error',
      cacheDir: join(folder, 'vite'),
      server: { port: ports.vite, strictPort: true, hmr: false, fs: { allow: [ROOT] } },
      optimizeDeps: { include: ['openid-client'] },
    })
    await vite.listen()
    try {
      const [page, complaints] = await opened()
      const result = (text: string) => page.locator('#result').filter({ hasText: text }).waitFor()
      const press = (name: string) => page.getByRole('button', { name, exact: true }).click()
      await page.goto(`http://localhost:${ports.vite}/`)
      await result('signed out')
      await press('Sign in')
      await logIn(page)
      await result(`signed in as ${service.demo.email}`)
      expect(page.url()).toBe(`http://localhost:${ports.vite}/`)
      await press('Who am I?')
      await result(`you are ${service.demo.email}`)
      await press('Sign out of Notes')
      await result('signed out')
      await press('Sign in') // nothing is asked
      await result('signed in as')
      await press('Sign out everywhere')
      await page.waitForURL(`http://localhost:${ports.vite}/`)
      await result('signed out')
      await press('Sign in')
      await page.locator('input[name=password]').waitFor()
      expect(complaints).toEqual([])
      await page.context().close()
    } finally {
      await vite.close()
    }
  })

  it.skipIf(withoutPython('flask', 'authlib', 'requests', 'jwt', 'cryptography'))(
    'Next and Flask, on two origins, share one sign-in, and end it together or alone',
    async () => {
      const [shop, forum] = [`http://localhost:${ports.next}`, `http://127.0.0.1:${ports.flask}`]
      const env = { APP_URL: shop, COOKIE_KEY: randomBytes(32).toString('base64') }
      Object.assign(process.env, envOf('Shop'), env)
      const names = [...EXAMPLES.keys()].filter((name) => name.startsWith('app/'))
      const next = await serveRoutes(write('next', 'latchkey.js', ...names), ports.next)
      const args = ['-m', 'flask', '--app', 'app', 'run', '--host', '127.0.0.1', '--port', String(ports.flask)]
      const flask = launch(PYTHON, args, {
        cwd: write('flask', 'app.py'),
        env: { ...envOf('Forum'), SECRET_KEY: randomBytes(32).toString('hex'), PYTHONDONTWRITEBYTECODE: '1' },
      })
      try {
        await listening(flask, ports.flask)
        const [page, complaints] = await opened()
        const me = async () => {
          const answer = await page.context().request.get(`${shop}/api/me`)
          return answer.status() === 200 ? ((await answer.json()) as object) : answer.status()
        }
        const inForum = async () => {
          await page.goto(forum)
          return page.getByText(`Signed in as ${service.demo.email}`).isVisible()
        }
        const signInToForum = async () => {
          await page.goto(forum)
          await page.getByRole('link', { name: 'Sign in' }).click()
        }

        await page.goto(shop)
        await page.getByRole('button', { name: 'Sign in' }).click()
        await logIn(page)
        await page.waitForURL(`${shop}/`)
        expect(await me()).toEqual({ sub: '1000000', email: service.demo.email })

        expect(await inForum()).toBe(false)
        await signInToForum() // nothing is asked
        await page.waitForURL(`${forum}/`)
        expect(await inForum()).toBe(true)

        await submit(page, 'Sign out of Forum')
        expect(await inForum()).toBe(false)
        expect(await me()).toMatchObject({ sub: '1000000' })
        await signInToForum()
        await page.waitForURL(`${forum}/`)
        expect(await inForum()).toBe(true)

        for (const logout_token of ['', 'a.b.c', await accessToken(service.url, service.demo)]) {
          const body = new URLSearchParams({ logout_token })
          expect((await fetch(`${forum}/backchannel-logout`, { method: 'POST', body })).status).toBe(400)
        }
        expect(await inForum()).toBe(true)

        await page.goto(shop)
        await page.getByRole('button', { name: 'Sign out' }).click()
        await page.waitForURL(`${shop}/`)
        expect(await me()).toBe(401)
        for (let waited = 0; await inForum(); waited += 200) {
          if (waited > 30_000) throw new Error(`${service.output()}\n${flask.output()}`)
          await sleep(200)
        }
        await signInToForum()
        await page.locator('input[name=password]').waitFor()
        expect(complaints).toEqual([])
        expect(flask.output()).not.toContain('Traceback')
        await page.context().close()
      } finally {
        await flask.stop()
        next.close()
      }
    },
  )

  it('the phone app comes back by its scheme, and its token opens the API', async () => {
    const phone = (await import(/* @vite-ignore */ join(write('phone', 'phone.js'), 'phone.js'))) as Phone
    const api = launch('npx', ['node', join(write('api', 'api.js'), 'api.js')], {
      cwd: ROOT,
      env: { ...envOf('Notes'), PORT: String(ports.api) },
    })
    try {
      const { address, started } = await phone.begin(service.url, clients.get('Notes on phones')!.client_id)
      const [page, complaints] = await opened()
      const back = new Promise<string>((done) =>
        page.on('response', (response) => {
          const to = response.headers()['location'] ?? ''
          if (to.startsWith('com.example.notes:')) done(to)
        }),
      )
      await page.goto(address)
      await logIn(page)
      const tokens = await phone.finish(await back, started)
      expect(tokens.claims()).toMatchObject({ sub: '1000000', email: service.demo.email })
      expect(complaints.filter((text) => /Content Security Policy|form-action/i.test(text))).toEqual([])

      await listening(api, ports.api)
      const notes = (token: string) =>
        fetch(`http://127.0.0.1:${ports.api}/notes`, { headers: { Authorization: `Bearer ${token}` } })
      const renewed = await phone.renew(tokens.refresh_token, started)
      for (const { access_token } of [tokens, renewed]) {
        const answer = await notes(access_token)
        expect([answer.status, await answer.json()]).toEqual([200, { of: '1000000' }])
      }
      const { client_id } = clients.get('Notes on phones')!
      const less = { grant_type: 'refresh_token', client_id, refresh_token: renewed.refresh_token, scope: 'openid' }
      const narrow = await fetch(`${service.url}/oauth/token`, { method: 'POST', body: new URLSearchParams(less) })
      expect((await notes(((await narrow.json()) as Tokens).access_token)).status).toBe(403)
      const ours = await accessToken(service.url, service.demo)
      for (const token of [ours, tokens.id_token, '']) expect((await notes(token)).status).toBe(401)
      await page.context().close()
    } finally {
      await api.stop()
    }
  })

  it("the terminal's program listens on its own machine; a third party's is asked about", async () => {
    const at = join(write('terminal', 'terminal.js'), 'terminal.js')
    const [page, complaints] = await opened()
    const start = async () => {
      const running = launch('npx', ['node', at], { cwd: ROOT, env: envOf('Notes in a terminal') })
      let url: string | undefined
      while (!(url = /^Open (\S+)$/m.exec(running.stdout())?.[1])) {
        if (running.hasExited()) throw new Error(running.output())
        await sleep(100)
      }
      await page.goto(url)
      return running
    }
    const refused = await start()
    await logIn(page)
    await page.getByRole('heading', { name: 'Sign in to Notes in a terminal' }).waitFor()
    await page.getByRole('button', { name: 'Do not allow', exact: true }).click()
    await page.getByText('You can close this window.').waitFor()
    expect([await refused.exited, refused.output()]).toEqual([1, expect.stringContaining('access_denied')])
    const granted = await start()
    await page.getByRole('button', { name: 'Allow', exact: true }).click()
    expect([await granted.exited, granted.output()]).toEqual([
      0,
      expect.stringContaining(`Signed in as ${service.demo.email}`),
    ])
    const remembered = await start() // nothing is asked
    expect(await remembered.exited).toBe(0)
    // The program has gone when the browser asks for its icon.
    expect(complaints.filter((text) => !/ERR_CONNECTION_REFUSED|404/.test(text))).toEqual([])
    await page.context().close()
  })
})

type Tokens = { access_token: string; refresh_token: string; id_token: string; claims: () => object }
type Phone = {
  begin: (url: string, clientId: string) => Promise<{ address: string; started: object }>
  finish: (address: string, started: object) => Promise<Tokens>
  renew: (refreshToken: string, started: object) => Promise<Tokens>
}
