/** An application that is told of a sign-out, as its developer would write it: a Node server, and jose with the published keys. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { latchkey } from './cli.ts'
import { accessToken, execute, query, type Service, startService } from './service.ts'

const received: { type: string | undefined; form: URLSearchParams; method: string | undefined }[] = []
let attempts = 0
let up = false
let server: Server
let service: Service
let uri: string

beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      attempts++
      if (!up) return void response.writeHead(503).end()
      const form = new URLSearchParams(Buffer.concat(chunks).toString())
      received.push({ type: request.headers['content-type'], form, method: request.method })
      response.writeHead(200).end()
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  uri = `http://127.0.0.1:${(server.address() as AddressInfo).port}/backchannel`
  service = await startService()
})

afterAll(async () => {
  await service?.stop()
  server?.close()
})

it('learns of a sign-out at once, or once it is back', async () => {
  const args = ['clients', 'create', 'Wiki', '--redirect-uri', 'https://wiki.example/', '--backchannel-logout-uri', uri]
  const { stdout } = await latchkey([...args, '--json', '--persist-to', service.persistTo])
  const { client_id } = JSON.parse(stdout) as { client_id: string }
  const token = await accessToken(service.url, service.demo)
  // A session as the code grant starts it, hanging on the newest one.
  await execute(
    service.persistTo,
    `INSERT INTO sessions (id, user_id, created_at, auth_time, refreshed_at, expires_at, tokens_until, client_id, parent_id,
       scope)
     SELECT 'of-the-wiki', user_id, created_at, auth_time, refreshed_at, expires_at, tokens_until, '${client_id}', id, 'openid'
     FROM sessions ORDER BY created_at DESC LIMIT 1;`,
  )
  const out = await fetch(`${service.url}/user/logout`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}` },
  })
  expect(out.status).toBe(204)
  await expect.poll(() => attempts).toBe(1)
  up = true
  await execute(service.persistTo, 'UPDATE logout_outbox SET due_at = 0;') // instead of half a minute's patience
  expect((await fetch(`${service.url}/cdn-cgi/local/scheduled`)).status).toBe(200)
  expect(received).toHaveLength(1)
  const [{ type, form, method }] = received as [(typeof received)[0]]
  expect([method, type]).toEqual(['POST', expect.stringMatching(/^application\/x-www-form-urlencoded/)])
  const { origin: issuer } = new URL(service.url)
  const keys = createRemoteJWKSet(new URL('/oauth/jwks', service.url))
  const { payload } = await jwtVerify(form.get('logout_token')!, keys, {
    issuer,
    audience: client_id,
    typ: 'logout+jwt',
  })
  expect(payload).toMatchObject({
    sid: 'of-the-wiki',
    events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
  })
  expect(payload).not.toHaveProperty('nonce')
  expect(await query(service.persistTo, 'SELECT count(*) AS n FROM logout_outbox')).toEqual([{ n: 0 }])
})
