/** The services that ours asks, as real ones on this machine: a list of breached passwords, and Turnstile. */
import { createHash } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { words } from '../words.ts'
import { launchBrowser, openPage, withoutChromium } from './browser.ts'
import { look, submit } from './look.ts'
import { type Service, startService } from './service.ts'

const BREACHED = 'many grey herons'
const HASH = createHash('sha1').update(BREACHED).digest('hex').toUpperCase()

let server: Server
let service: Service
let isSilent = false
const asked: { path: string; padding: string | undefined; body: string }[] = []

beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString()
      asked.push({ path: request.url!, padding: request.headers['add-padding'] as string | undefined, body })
      if (request.url === '/verify') {
        const [success, hostname, action] = new URLSearchParams(body).get('response')!.split(' ')
        return void response.end(JSON.stringify({ success: success === 'solved', hostname, action }))
      }
      response.write(`${'0'.repeat(35)}:3\r\n`)
      if (!isSilent) response.end(`${HASH.slice(5)}:12\r\n${'F'.repeat(35)}:0`)
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const at = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const keys = { TURNSTILE_SECRET: 'a secret', TURNSTILE_SITE_KEY: 'a-public-key' }
  const turnstile = { ...keys, TURNSTILE_VERIFY_URL: `${at}/verify` }
  service = await startService({ vars: { BREACHED_PASSWORDS_URL: `${at}/range/`, ...turnstile } })
})

afterAll(async () => {
  await service?.stop()
  server?.closeAllConnections()
  server?.close()
})

async function post(path: string, json: object, ip?: string): Promise<[status: number, body: { code?: string }]> {
  const headers = { 'Content-Type': 'application/json', ...(ip !== undefined && { 'CF-Connecting-IP': ip }) }
  const answer = await fetch(service.url + path, { method: 'POST', headers, body: JSON.stringify(json) })
  return [answer.status, (await answer.json()) as { code?: string }]
}

it('a breached password is refused, of whose hash five digits were told', async () => {
  const [status, body] = await post('/user/register', { email: 'a@example.com', password: BREACHED })
  expect([status, body]).toEqual([422, expect.objectContaining({ errors: [{ field: 'password', code: 'breached' }] })])
  expect(asked).toEqual([{ path: `/range/${HASH.slice(0, 5)}`, padding: 'true', body: '' }])
})

it('a password passes where the list is silent in the middle of its answer', async () => {
  isSilent = true
  const [status] = await post('/user/register', { email: 'b@example.com', password: BREACHED })
  isSilent = false
  expect(status).toBe(202)
  expect(service.output()).toContain('breaches_not_checked')
})

it('a challenge counts where our login form had it solved', async () => {
  const signIn = async (json: object) => {
    const [status, { code }] = await post('/user/login', { ...service.demo, ...json }, '203.0.113.9')
    return code ?? status
  }
  for (let i = 0; i < 12; i++) await signIn({ password: 'wrong' })
  expect(await signIn({})).toBe('challenge_required')
  for (const turnstile_token of ['unsolved localhost login', 'solved evil.example login', 'solved localhost other']) {
    expect([turnstile_token, await signIn({ turnstile_token })]).toEqual([turnstile_token, 'challenge_required'])
  }
  expect(await signIn({ turnstile_token: 'solved localhost login' })).toBe(200)
})

/**
 * Stands in for Cloudflare's script, which cannot be reached from everywhere: it does what the real one is documented to
 * do. It opens a frame of its own origin in each `.cf-turnstile`, and adds the field with the token to the form.
 */
const STAND_IN = `for (const box of document.querySelectorAll('.cf-turnstile')) {
  const { sitekey, action, language } = box.dataset
  const frame = document.createElement('iframe')
  frame.src = 'https://challenges.cloudflare.com/frame?' + new URLSearchParams({ sitekey, language })
  Object.assign(frame, { title: 'Challenge', width: 150, height: 140 })
  const field = document.createElement('input')
  Object.assign(field, { type: 'hidden', name: 'cf-turnstile-response', value: 'solved localhost ' + action })
  frame.onload = () => box.append(field)
  box.append(frame)
}`

it.skipIf(withoutChromium()).each([
  [words.ko, { locale: 'ko-KR', javaScriptEnabled: true }],
  [words.en, { locale: 'en-US', javaScriptEnabled: false }],
])('the hosted login page shows a challenge within its policy, and signs in by it', async (say, options) => {
  const browser = await launchBrowser()
  const [page, complaints] = await openPage(browser, { ...options, viewport: { width: 360, height: 740 } })
  page.setDefaultTimeout(10_000)
  const asked: string[] = []
  await page.route('https://challenges.cloudflare.com/**', (route) => {
    const { pathname, search } = new URL(route.request().url())
    asked.push(pathname + search)
    return pathname === '/frame'
      ? route.fulfill({ contentType: 'text/html', body: '<p>solved</p>' })
      : route.fulfill({ contentType: 'text/javascript', body: STAND_IN })
  })
  const signIn = async (password: string) => {
    await page.locator('#email').fill(service.demo.email)
    await page.locator('#password').fill(password)
    await submit(page, say.signIn)
  }
  await page.goto(`${service.url}/login?return_to=/account`)
  for (let i = 0; i < 9 && (await page.locator('.cf-turnstile').count()) === 0; i++) await signIn('wrong')
  expect(await page.locator('main').innerText()).toContain(say.challenge)
  const { javaScriptEnabled: scripted } = options
  expect((await page.locator('main').innerText()).includes(say.challengeNeedsScript)).toBe(!scripted)
  if (scripted) {
    await page.locator('input[name=cf-turnstile-response]').waitFor({ state: 'attached' })
    expect(asked.slice(-2)).toEqual(['/turnstile/v0/api.js', '/frame?sitekey=a-public-key&language=ko'])
    await look(page, 'challenge', true)
    await signIn(service.demo.password)
    expect(page.url()).toBe(`${service.url}/account`)
    expect(complaints.filter((text) => !/status of 4\d\d/.test(text))).toEqual([])
  } else {
    await look(page, 'challenge-without-script', false)
    expect(asked).toEqual([])
  }
  await browser.close()
})
