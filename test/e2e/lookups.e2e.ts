/** The services that ours asks, as real ones on this machine: a list of breached passwords, and Turnstile. */
import { createHash } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
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
  const turnstile = { TURNSTILE_SECRET: 'a secret', TURNSTILE_VERIFY_URL: `${at}/verify` }
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
