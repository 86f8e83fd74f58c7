/** The examples of docs/clients.md, taken from the page as they stand and run against a real service. */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createViteServer } from 'vitest/node'
import { launchBrowser, openPage, withoutChromium } from './browser.ts'
import { expectJudgement, refused } from './judgement.ts'
import {
  accessToken,
  freePort,
  launch,
  ROOT,
  run,
  type Running,
  type Service,
  skipWithout,
  startService,
} from './service.ts'

const JWT_SECRET_KEY = 'only-for-tests: the key that signs access tokens'
const REVOCATION_FEED_SECRET = 'only-for-tests: what other services show'
const TRUSTED_BACKENDS = 'shop:only-for-tests_the-secret-of-the-shop'
const PYTHON = process.env['PYTHON'] ?? '/usr/bin/python3'

let folder: string
let service: Service
let htmlPort: number
let reactPort: number

/** The examples of the page by their file names, which stand in their first lines. */
const PAGE = readFileSync(join(ROOT, 'docs', 'clients.md'), 'utf8')
const BLOCKS = PAGE.matchAll(/^```\w+\n(?:\/\/|#|<!--) (\S+).*\n([\s\S]*?)^```/gm)
const EXAMPLES = new Map([...BLOCKS].map(([, name = '', text = '']) => [name, text]))

/** An example with the address of the service that runs here. */
const snippet = (name: string): string => EXAMPLES.get(name)!.replaceAll('http://localhost:8787', service.url)

function write(where: string, name: string): string {
  mkdirSync(join(folder, where), { recursive: true })
  const path = join(folder, where, name)
  writeFileSync(path, snippet(name))
  return path
}

beforeAll(async () => {
  mkdirSync(join(ROOT, '.wrangler'), { recursive: true }) // beside node_modules; git ignores it
  folder = mkdtempSync(join(ROOT, '.wrangler', 'snippets-'))
  // Where wranglers of this machine find each other: no other one may be taken for the service of this test.
  process.env['WRANGLER_REGISTRY_PATH'] = join(folder, 'registry')
  expect(await run('npx', ['node', 'scripts/package.ts'])).toMatchObject({ code: 0 })
  cpSync(join(ROOT, 'packages/client'), join(folder, 'node_modules/latchkey-client'), { recursive: true })
  htmlPort = await freePort()
  reactPort = await freePort()
  const ALLOWED_ORIGINS = `http://localhost:${htmlPort} http://localhost:${reactPort}`
  service = await startService({ vars: { ALLOWED_ORIGINS, JWT_SECRET_KEY, REVOCATION_FEED_SECRET, TRUSTED_BACKENDS } })
})
afterAll(async () => {
  await service?.stop()
  rmSync(folder, { recursive: true, force: true })
})

it('leaves out no example but the one for Vue', () => {
  const run = [
    'index.html',
    'steps.js',
    'main.jsx',
    'hono-client.ts',
    'app.py',
    'server.js',
    'wrangler.toml',
    'index.js',
  ]
  const signIn = ['sign_in.py', 'sign-in.js', 'route.js']
  expect([...EXAMPLES.keys()].sort()).toEqual([...run, ...signIn, 'use-session.js'].sort())
  expect(EXAMPLES.size).toBe(PAGE.match(/^```(?!sh\n)\w/gm)!.length)
})

const signIn = async (page: Page, password = service.demo.password) => {
  await page.getByLabel('Email').fill(service.demo.email)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
}

describe.skipIf(withoutChromium())('in a browser', () => {
  let browser: Browser
  beforeAll(async () => void (browser = await launchBrowser()))
  afterAll(() => browser?.close())

  it('the page with nothing else signs in, acts and signs out', async () => {
    const html = snippet('index.html')
    const site: Server = createServer((_, response) => void response.setHeader('Content-Type', 'text/html').end(html))
    await new Promise<void>((done) => site.listen(htmlPort, 'localhost', done))
    try {
      const [page, complaints] = await openPage(browser)
      await page.goto(`http://localhost:${htmlPort}`)
      const result = (text: string) => page.locator('#result').filter({ hasText: text }).waitFor()
      await signIn(page, 'wrong')
      await result('wrong email or password')
      await signIn(page)
      await result('signed in as 1000000')
      await page.getByRole('button', { name: 'Act' }).click()
      await result('the answer was 200')
      await page.getByRole('button', { name: 'Sign out' }).click()
      await result('signed out')
      await page.getByRole('button', { name: 'Act' }).click()
      await result('the answer was 401')
      expect(complaints.filter((text) => !text.includes('status of 401'))).toEqual([])
      await page.context().close()
    } finally {
      site.close()
    }
  })

  it('the React application shows who is signed in, in two tabs', async () => {
    write('react', 'main.jsx')
    writeFileSync(
      join(folder, 'react', 'index.html'),
      '<!doctype html><title>App</title><link rel="icon" href="data:,"><div id="root"></div><script type="module" src="/main.jsx"></script>',
    )
    const vite = await createViteServer({
      root: join(folder, 'react'),
      configFile: false,
      logLevel: 'error',
      cacheDir: join(folder, 'vite'),
      server: { port: reactPort, strictPort: true, hmr: false, fs: { allow: [ROOT, join(ROOT, '..')] } },
      optimizeDeps: { include: ['react', 'react-dom/client', 'react/jsx-dev-runtime', 'latchkey-client'] },
    })
    await vite.listen()
    try {
      const [page, complaints] = await openPage(browser)
      const other = await page.context().newPage()
      for (const tab of [page, other]) await tab.goto(`http://localhost:${reactPort}`)
      await signIn(page, 'wrong')
      await page.getByRole('alert').filter({ hasText: 'invalid_credentials' }).waitFor()
      await signIn(page)
      for (const tab of [page, other]) await tab.getByText('Signed in as 1000000').waitFor()
      await other.getByRole('button', { name: 'Sign out' }).click()
      for (const tab of [page, other]) await tab.getByRole('button', { name: 'Sign in' }).waitFor()
      expect(complaints.filter((text) => !text.includes('status of 401'))).toEqual([])
      await page.context().close()
    } finally {
      await vite.close()
    }
  })
})

it("Hono's client knows the routes, and runs with the token", async () => {
  const path = write('hono', 'hono-client.ts')
  symlinkSync(join(ROOT, 'src'), join(folder, 'hono', 'src'))
  const { code, output } = await run('npx', ['node', '--preserve-symlinks', path])
  expect({ code, output }).toEqual({ code: 0, output: `${service.demo.email}\n` })
})

it('the steps of a sign-in go as far as the account asks', async () => {
  const path = write('steps', 'steps.js')
  const { email, password } = service.demo
  const signIn = `console.log((await signIn(${JSON.stringify(email)}, ${JSON.stringify(password)})).user_id, request.ticket.slice(0, 4))`
  const program = `import { request, signIn } from ${JSON.stringify(path)}; ${signIn}`
  const { code, output } = await run('npx', ['node', '--input-type=module', '--eval', program])
  expect({ code, output }).toEqual({ code: 0, output: '1000000 lkt_\n' })
})

const logOut = (token: string) =>
  fetch(`${service.url}/user/logout`, { method: 'POST', headers: { Authorization: token } })

const withoutFlask = skipWithout(`Flask or PyJWT of ${PYTHON}`, () =>
  execFileSync(PYTHON, ['-c', 'import flask, jwt'], { stdio: 'ignore' }),
)

describe('another service', () => {
  it.skipIf(withoutFlask)('in Flask takes our token, and no other', async () => {
    write('flask', 'app.py')
    const port = await freePort()
    const flask = launch(
      PYTHON,
      ['-m', 'flask', '--app', 'app', 'run', '--host', 'localhost', '--port', String(port)],
      {
        cwd: join(folder, 'flask'),
        env: { JWT_SECRET_KEY, PYTHONDONTWRITEBYTECODE: '1' },
      },
    )
    try {
      await expectJudgement(port, flask, await accessToken(service.url, service.demo))
    } finally {
      await flask.stop()
    }
  })

  it('in Express takes our token until its session ends', async () => {
    const path = write('express', 'server.js')
    writeFileSync(join(folder, 'express', 'package.json'), '{"type":"module"}')
    const port = await freePort()
    const env = { JWT_SECRET_KEY, REVOCATION_FEED_SECRET, LATCHKEY_URL: service.url, PORT: String(port) }
    const express = launch('npx', ['node', path], { cwd: ROOT, env })
    try {
      const token = await accessToken(service.url, service.demo)
      await expectJudgement(port, express, token)
      expect((await logOut(token)).status).toBe(204)
      await refused(port, express, token)
      await expectJudgement(port, express, await accessToken(service.url, service.demo))
    } finally {
      await express.stop()
    }
  })

  it('that is a Worker asks through its binding, and shares no key', async () => {
    write('worker', 'index.js')
    write('worker', 'wrangler.toml')
    const port = await freePort()
    const quiet = { CLOUDFLARE_CF_FETCH_ENABLED: 'false', WRANGLER_SEND_METRICS: 'false', WRANGLER_HIDE_BANNER: 'true' }
    const args = ['dev', '--port', String(port), '--inspector-port', '0', '--show-interactive-dev-session=false']
    const worker = launch('npx', ['wrangler', ...args, '--cwd', join(folder, 'worker')], { cwd: ROOT, env: quiet })
    try {
      const token = await accessToken(service.url, service.demo)
      await expectJudgement(port, worker, token)
      expect((await logOut(token)).status).toBe(204)
      await refused(port, worker, token)
    } finally {
      await worker.stop()
    }
  })
})

type Post = (headers: Record<string, string>, fields: object) => Promise<Response>

describe('a back end that signs people in', () => {
  const env = () => ({ LATCHKEY_URL: service.url, LATCHKEY_BACKEND: TRUSTED_BACKENDS })
  const over =
    (port: number, running: Running): Post =>
    async (headers, fields) => {
      const init = {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', ...headers },
        body: JSON.stringify(fields),
      }
      for (let waited = 0; ; waited += 100) {
        const answer = await fetch(`http://localhost:${port}/login`, init).catch(() => undefined)
        if (answer) return answer
        if (running.hasExited() || waited > 60_000) throw new Error(running.output())
        await sleep(100)
      }
    }

  /** Signs in twice by way of a back end, whose proxy saw an address, and whose visitor wrote another before it. */
  async function expectItNames(address: string, post: Post): Promise<void> {
    const from = { 'X-Forwarded-For': `192.0.2.1, ${address}`, 'User-Agent': `Browser at ${address}` }
    const answer = await post(from, service.demo)
    expect(answer.status).toBe(200)
    const device = answer.headers.getSetCookie()[0]!.split(';')[0]!
    expect(device).toMatch(/^device=lkd_[\w-]+$/)
    const again = await post({ ...from, Cookie: `theme=dark; ${device}` }, service.demo)
    expect(again.headers.getSetCookie()[0]).toContain(`${device};`)
    const { access_token } = (await again.json()) as { access_token: string }
    const seen = await fetch(`${service.url}/user/sessions`, { headers: { Authorization: access_token } })
    const { sessions } = (await seen.json()) as { sessions: { ip: string; user_agent: string }[] }
    expect(sessions.filter(({ ip, user_agent }) => ip === address && user_agent === from['User-Agent'])).toHaveLength(2)
    const wrong = await post(from, { ...service.demo, password: 'wrong' })
    expect([wrong.status, await wrong.json()]).toEqual([401, { code: 'invalid_credentials' }])
    const local = await post({ 'X-Forwarded-For': '127.0.0.1' }, service.demo)
    expect([local.status, await local.json()]).toEqual([400, { code: 'invalid_client_address' }])
  }

  it.skipIf(withoutFlask)('in Flask names the address that its proxy saw', async () => {
    write('flask-login', 'sign_in.py')
    const port = await freePort()
    const args = ['-m', 'flask', '--app', 'sign_in', 'run', '--host', 'localhost', '--port', String(port)]
    const options = { cwd: join(folder, 'flask-login'), env: { ...env(), PYTHONDONTWRITEBYTECODE: '1' } }
    const flask = launch(PYTHON, args, options)
    try {
      await expectItNames('203.0.113.7', over(port, flask))
    } finally {
      await flask.stop()
    }
  })

  it('in Express names the address that its proxy saw', async () => {
    const path = write('express-login', 'sign-in.js')
    writeFileSync(join(folder, 'express-login', 'package.json'), '{"type":"module"}')
    const port = await freePort()
    const express = launch('npx', ['node', path], { cwd: ROOT, env: { ...env(), PORT: String(port) } })
    try {
      await expectItNames('203.0.113.8', over(port, express))
    } finally {
      await express.stop()
    }
  })

  it('in Next names the address that its proxy saw', async () => {
    const path = write('next-login', 'route.js')
    writeFileSync(join(folder, 'next-login', 'package.json'), '{"type":"module"}')
    Object.assign(process.env, env())
    const { POST } = (await import(/* @vite-ignore */ path)) as { POST: (request: Request) => Promise<Response> }
    await expectItNames('2001:db8::7', (headers, fields) =>
      POST(new Request('http://localhost/login', { method: 'POST', headers, body: JSON.stringify(fields) })),
    )
  })
})
