/** A receiver of events as an operator would write one: a Node server, and the published library that verifies. */
import { randomBytes } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { accessToken, execute, query, type Service, startService } from './service.ts'

const secret = `whsec_${randomBytes(32).toString('base64')}`
const old = `whsec_${randomBytes(32).toString('base64')}`

type Event = { type: string; timestamp: string; data: { user_id: number; email: string | null } }

/** What was sent and could be verified; by id, so what comes twice counts once. */
const received = new Map<string, Event>()
let attempts = 0
let up = false
let server: Server
let service: Service

beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      attempts++
      if (!up) return void response.writeHead(503).end()
      const headers = request.headers as Record<string, string>
      received.set(
        headers['webhook-id']!,
        new Webhook(secret).verify(Buffer.concat(chunks).toString(), headers) as Event,
      )
      response.writeHead(204).end()
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  const vars = { WEBHOOK_URL: `http://127.0.0.1:${port}/events`, WEBHOOK_SECRET: `${secret} ${old}` }
  service = await startService({ vars })
})

afterAll(async () => {
  await service?.stop()
  server?.close()
})

const cron = async () => {
  const answer = await fetch(`${service.url}/cdn-cgi/local/scheduled`)
  expect(answer.status).toBe(200)
}

const changePassword = async (current_password: string, new_password: string) => {
  const token = await accessToken(service.url, { ...service.demo, password: current_password })
  const answer = await fetch(`${service.url}/user/password`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` },
    body: JSON.stringify({ current_password, new_password }),
  })
  expect(answer.status).toBe(204)
}

it('a receiver that was away gets every event once it is back', async () => {
  const passwords = [service.demo.password, 'the second password of the demo', 'the third password of the demo']
  await changePassword(passwords[0]!, passwords[1]!)
  await expect.poll(() => attempts).toBeGreaterThan(0) // after the answer, without any cron
  await changePassword(passwords[1]!, passwords[2]!)
  // What an operator does with SQL is told, too, where they write it down.
  const events = Array.from({ length: 30 }, (_, i) => `(unixepoch(), 'user_enabled', ${i + 1})`).join(', ')
  await execute(service.persistTo, `INSERT INTO audit_events (at, event, user_id) VALUES ${events};`)
  await cron()
  expect(received.size).toBe(0)

  up = true
  const waiting = () => query<{ n: number }>(service.persistTo, 'SELECT count(*) AS n FROM webhook_outbox')
  expect(await waiting()).toEqual([{ n: 32 }])
  await execute(service.persistTo, 'UPDATE webhook_outbox SET due_at = 0;') // instead of an hour's patience
  for (let pass = 0; pass < 3; pass++) await cron()
  expect(await waiting()).toEqual([{ n: 0 }])
  const types = [...received.values()].map(({ type }) => type).sort()
  expect(types).toEqual([...Array<string>(2).fill('password.changed'), ...Array<string>(30).fill('user.enabled')])
  const told = [...received.values()].filter(({ type }) => type === 'password.changed')
  expect(told.map(({ data }) => data.email)).toEqual([service.demo.email, service.demo.email])
  expect(service.output()).toContain('webhook_not_sent')
})
