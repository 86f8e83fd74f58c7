import { env } from 'cloudflare:workers'
import fc from 'fast-check'
import { METHOD_NAME_ALL } from 'hono/router'
import { beforeAll, describe, expect, it } from 'vitest'
import { app } from '../src/app.ts'
import { call, freshDatabase, MANY, PASSWORD, signedIn, times } from './support.ts'

freshDatabase()

let token: string
beforeAll(async () => {
  ;({ token } = await signedIn())
  await signedIn()
})

/** What no bad input may touch. Audit rows of refused attempts may come. */
const state = async () => {
  const tables = ['users', 'sessions', 'revocations', 'one_time_tokens', 'outbox']
  const results = await env.DB.batch(tables.map((table) => env.DB.prepare(`SELECT * FROM ${table}`)))
  return results.map(({ results: rows }) => rows)
}

/** Runs a property so many times at length, and holds what is stored against what was stored before. */
async function unchanged(property: fc.IAsyncProperty<never[]> | fc.IAsyncProperty<unknown[]>, numRuns: number) {
  const before = await state()
  await fc.assert(property as fc.IAsyncProperty<unknown[]>, { numRuns: times(numRuns, numRuns / 10) })
  expect(await state()).toEqual(before)
}

/** Bodies that would be good, each field of which is spoiled in turn. */
const BODIES: Record<string, Record<string, unknown>> = {
  'POST /user/login': { email: 'user1@example.com', password: PASSWORD },
  'POST /user/register': { email: 'somebody@example.com', password: 'a password to register with' },
  'POST /user/refresh': { refresh_token: 'lkr_' },
  'POST /user/reauth': { password: PASSWORD },
  'POST /user/password/forgot': { email: 'user1@example.com' },
  'POST /user/password/reset': { token: 'x'.repeat(43), password: 'a password to reset to' },
  'POST /user/password': { current_password: PASSWORD, new_password: 'a password to change to' },
  'POST /user/email/verify': { token: 'x'.repeat(43) },
  'POST /user/email/resend': { email: 'user1@example.com' },
  'POST /user/email': { email: 'elsewhere@example.com', password: PASSWORD },
  'DELETE /user/me': { password: PASSWORD },
}

const fields = Object.entries(BODIES).flatMap(([route, body]) =>
  Object.keys(body).map((field) => ({ route, body, field })),
)
const split = (route: string) => route.split(' ') as [method: string, path: string]
const authorised = () => ({ Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' })

const notText = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }).filter((value) => typeof value !== 'string'),
  fc.constantFrom(1e308, -0, [], {}, [[]], { length: 1 }, { toString: 'x' }, ['user1@example.com'], true),
)
const malformedText = fc.oneof(
  fc.string({ unit: 'binary' }).map((text) => `${text}\0`),
  fc.constantFrom('', '\0', 'a\0b', '\ud800', 'x\udfff', '\u0000'.repeat(50)),
)
const headerText = fc.string({ unit: 'binary-ascii', maxLength: 300 }).map((text) => text.replace(/[\0\r\n]/g, ' '))

describe('bad input is refused, and changes nothing', MANY, () => {
  it('of a wrong type, in any field of any body', async () => {
    const property = fc.asyncProperty(fc.constantFrom(...fields), notText, async ({ route, body, field }, value) => {
      const [method, path] = split(route)
      const init = { headers: authorised(), body: JSON.stringify({ ...body, [field]: value }) }
      const { status } = await call(method, path, init)
      expect(status).toBe(422)
    })
    await unchanged(property, 6_000)
  })

  it('text that no account or token can be, in any field', async () => {
    const property = fc.asyncProperty(
      fc.constantFrom(...fields),
      malformedText,
      async ({ route, body, field }, value) => {
        const [method, path] = split(route)
        const init = { headers: authorised(), body: JSON.stringify({ ...body, [field]: value }) }
        expect([400, 401, 422]).toContain((await call(method, path, init)).status)
      },
    )
    await unchanged(property, 2_000)
  })

  it('any bytes as any type, on any route', async () => {
    const types = fc.constantFrom(
      'application/json',
      'application/json; charset=utf-8',
      'application/json;charset=utf-16',
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'application/xml',
      '',
    )
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 500 }),
      fc.json().map((text) => new TextEncoder().encode(text)),
      fc
        .constantFrom('[', '{"a":', '{"a":1,"a":2}', '"\\ud800"', '['.repeat(9_000), '1e999', 'nul')
        .map((text) => new TextEncoder().encode(text)),
    )
    const property = fc.asyncProperty(
      fc.constantFrom(...Object.keys(BODIES)),
      types,
      bytes,
      async (route, type, body) => {
        const [method, path] = split(route)
        const headers = { ...authorised(), 'Content-Type': type }
        const { status } = await call(method, path, { headers, body: body as Uint8Array<ArrayBuffer> })
        expect([400, 413, 415, 422]).toContain(status)
      },
    )
    await unchanged(property, 4_000)
  })

  it('tokens that were never signed here, however close', async () => {
    const mutated = fc
      .tuple(
        fc.nat(),
        fc.string({ unit: 'binary-ascii', minLength: 1, maxLength: 3 }),
        fc.constantFrom('replace', 'insert', 'cut'),
      )
      .map(([at, text, how]) => {
        const i = at % token.length
        const rest = how === 'insert' ? i : i + text.length
        return token.slice(0, i) + (how === 'cut' ? '' : text.replace(/[\0\r\n]/g, '~')) + token.slice(rest)
      })
    const anything = fc.oneof({ weight: 3, arbitrary: mutated }, { weight: 1, arbitrary: headerText })
    const carried = fc.constantFrom('bearer', 'bare', 'cookie')
    const property = fc.asyncProperty(anything, carried, async (text, how) => {
      fc.pre(text.trim() !== token)
      const headers: Record<string, string> =
        how === 'cookie'
          ? { Cookie: `__Host-latchkey=${text}`, 'Sec-Fetch-Site': 'same-origin' }
          : { Authorization: how === 'bearer' ? `Bearer ${text}` : text }
      const { status } = await call('POST', '/action', { headers })
      // A cut after the signature's end, or blanks around it, leave the token what it was.
      if (!text.includes(token)) expect(status).toBe(401)
      else expect(status).toBeLessThan(500)
    })
    await unchanged(property, 5_000)
  })

  it('odd headers, paths and methods', async () => {
    const known = app.routes.filter(({ method }) => method !== METHOD_NAME_ALL).map(({ path }) => path)
    const path = fc.oneof(
      fc.constantFrom(...known),
      fc.tuple(fc.constantFrom(...known), fc.webPath()).map(([a, b]) => a + b),
      fc.webPath().map((text) => text || '/'),
      fc.constantFrom(
        '/%00',
        '/%ff',
        '/user/sessions/%2e%2e',
        '/user/sessions/%',
        '/..%2f',
        '//user/login',
        '/user/devices/%00',
      ),
    )
    const names = [
      'Accept',
      'Accept-Language',
      'CF-Connecting-IP',
      'Cookie',
      'Content-Length',
      'Content-Type',
      'Origin',
    ]
    const more = [
      'Sec-Fetch-Site',
      'User-Agent',
      'X-Forwarded-For',
      'Access-Control-Request-Headers',
      'Range',
      'If-Match',
    ]
    const headers = fc.dictionary(fc.constantFrom(...names, ...more), headerText, { maxKeys: 4 })
    const methods = fc.constantFrom('GET', 'HEAD', 'OPTIONS', 'PUT', 'PATCH')
    const property = fc.asyncProperty(methods, path, headers, async (method, where, own) => {
      const { status, headers: answered } = await call(method, where, { headers: own })
      expect(status).toBeLessThan(500)
      expect(answered.get('X-Content-Type-Options')).toBe('nosniff')
    })
    await unchanged(property, 4_000)
  })
})
