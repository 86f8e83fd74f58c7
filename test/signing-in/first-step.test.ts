/** What the first step of a sign-in returns opens nothing, and a ticket that is void burns nothing. */
import { env } from 'cloudflare:workers'
import { METHOD_NAME_ALL } from 'hono/router'
import { describe, expect, it } from 'vitest'
import { app } from '../../src/app.ts'
import {
  addPasskey,
  administrator,
  askForPasskey,
  bearer,
  call,
  callIn,
  clock,
  codeAt,
  codeFor,
  cookieOf,
  ENV,
  enrolApp,
  enterCode,
  freshDatabase,
  keyHolder,
  member,
  type Member,
  Passkey,
  PASSWORD,
  run,
  SAME_ORIGIN,
  stateFor,
  ticketFor,
  wrongCode,
} from '../support.ts'

freshDatabase()

type Guarded = Member & { secret: string; recovery_codes: string[]; passkey: Passkey }

/** Somebody with a passkey and an app, thirty seconds after it was enrolled. */
async function guarded(): Promise<Guarded> {
  const user = await keyHolder()
  const app = await enrolApp(user)
  clock.forward(30)
  return { ...user, ...app }
}

const useApp = (ticket: string, code: string) => call('POST', '/user/login/totp', { json: { ticket, code } })
const useCode = (ticket: string, code: string) => call('POST', '/user/login/recovery', { json: { ticket, code } })
const useKey = async (ticket: string, user: Guarded) => {
  const options = await askForPasskey(ticket)
  const credential = await user.passkey.use(options.publicKey)
  return call('POST', '/user/login/passkey', { json: { ticket: options.ticket, credential } })
}

/** A session with both factors. */
async function signedIn(user: Guarded): Promise<string> {
  const answer = await useKey(await ticketFor(user.email), user)
  expect(answer.status).toBe(200)
  return (await answer.json<{ access_token: string }>()).access_token
}

/** Everything that a sign-in could use up. */
async function burnable({ id, email }: { id: number; email: string }) {
  const one = (text: string, ...values: unknown[]) => env.DB.prepare(text).bind(...values).first() // prettier-ignore
  const { hour, buckets } = await stateFor(email)
  return {
    totp: await one('SELECT last_step, last_used_at FROM totp WHERE user_id = ?', id),
    codes: await one('SELECT count(*) AS n FROM recovery_codes WHERE user_id = ?', id),
    passkeys: await one('SELECT group_concat(coalesce(last_used_at, 0)) AS used FROM passkeys WHERE user_id = ?', id),
    spent: await one('SELECT count(*) AS n FROM spent'),
    sessions: await one('SELECT count(*) AS n FROM sessions WHERE user_id = ?', id),
    guesses: [hour.attempts, buckets],
  }
}

const refusal = async (answer: Response) => [answer.status, (await answer.json<{ code: string }>()).code]
const INVALID = [401, 'invalid_ticket']

const routes = [
  ...new Set(
    app.routes.filter(({ method }) => method !== METHOD_NAME_ALL).map(({ method, path }) => `${method} ${path}`),
  ),
].map((route) => route.split(' ') as [method: string, path: string])

describe('what the first step returns', () => {
  /** As a token, as a cookie, as any field of a body: at every route. */
  async function walk(ticket: string, stranger: (method: string, path: string) => Promise<number>) {
    for (const [method, pattern] of routes) {
      const path = pattern.replaceAll(/:\w+/g, '1')
      const fields = { ticket, token: ticket, refresh_token: ticket, device_token: ticket, code: 'A', credential: {} }
      const asked: RequestInit & { json?: unknown } = method === 'GET' || method === 'HEAD' ? {} : { json: fields }
      const shown: [string, typeof asked][] = [
        ['bearer', { headers: { Authorization: `Bearer ${ticket}` } }],
        ['bare', { headers: { Authorization: ticket } }],
        ['cookie', { headers: { Cookie: cookieOf(ticket), ...SAME_ORIGIN } }],
        ['body', asked],
        [
          'form',
          method === 'POST' ? { body: new URLSearchParams({ ticket, token: ticket }), headers: SAME_ORIGIN } : {},
        ],
      ]
      for (const [how, init] of shown) {
        const answer = await callIn(ENV, method, path, init)
        const text = await answer.text()
        const where = `${how} at ${method} ${path}: ${text.slice(0, 200)}`
        expect(answer.status, where).toBeLessThan(500)
        expect(text, where).not.toMatch(/access_token|refresh_token":|recovery_codes":/)
        expect(answer.headers.get('Set-Cookie') ?? '', where).not.toMatch(/__Host-latchkey=ey/)
        // Where strangers are refused, so is whoever holds it.
        if (how !== 'body' && how !== 'form' && [401, 403, 303].includes(await stranger(method, path))) {
          expect([401, 403, 303], where).toContain(answer.status)
        }
      }
    }
  }

  const known = new Map<string, number>()
  async function stranger(method: string, path: string): Promise<number> {
    const key = `${method} ${path}`
    if (!known.has(key)) known.set(key, (await callIn(ENV, method, path, { headers: SAME_ORIGIN })).status)
    return known.get(key)!
  }

  it('of a password opens nothing at any route', async () => {
    const user = await guarded()
    const before = await burnable(user)
    await walk(await ticketFor(user.email), stranger)
    const { sessions, codes, passkeys, totp } = await burnable(user)
    expect({ sessions, codes, passkeys, totp }).toEqual({
      sessions: before.sessions,
      codes: before.codes,
      passkeys: before.passkeys,
      totp: before.totp,
    })
  })

  it('of a mailed code, and of a passkey that did not verify its user, neither', async () => {
    const user = await guarded()
    const { ticket, code } = await codeFor(user.email)
    const second = await enterCode(ticket, code)
    expect(second.status).toBe(403)
    await walk((await second.json<{ ticket: string }>()).ticket, stranger)
    const options = await askForPasskey()
    const credential = await user.passkey.use(options.publicKey, { uv: false })
    const third = await call('POST', '/user/login/passkey', { json: { ticket: options.ticket, credential } })
    expect(third.status).toBe(403)
    await walk((await third.json<{ ticket: string }>()).ticket, stranger)
  })

  it('of an account that must enrol a factor enrols none before a mailed code', async () => {
    const own = { ...ENV, SECOND_FACTOR: 'everyone' } as Env
    const user = await member()
    const answer = await callIn(own, 'POST', '/user/login', { json: { email: user.email, password: PASSWORD } })
    const { ticket, methods } = await answer.json<{ ticket: string; methods: string[] }>()
    expect([answer.status, methods]).toEqual([403, ['code']])
    for (const path of ['/user/login/totp/enrol', '/user/login/passkey/enrol']) {
      expect(await refusal(await callIn(own, 'POST', path, { json: { ticket } }))).toEqual(INVALID)
    }
    await walk(ticket, stranger)
  })
})

describe('a ticket', () => {
  it('leads to one session, used twice or fifty times at once, and the losers burn nothing', async () => {
    const user = await guarded()
    const ticket = await ticketFor(user.email)
    const codes = user.recovery_codes
    const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => useCode(ticket, codes[i % 10]!)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(answers.every(({ status }) => [200, 401, 429].includes(status))).toBe(true)
    const after = await burnable(user)
    expect(after.codes).toEqual({ n: 9 })
    expect(await refusal(await useApp(ticket, await codeAt(user.secret)))).toEqual(INVALID)
    expect(await burnable(user)).toEqual(after)
  })

  it('leads to nothing after the session that it became is cleaned up', async () => {
    const user = await guarded()
    const ticket = await ticketFor(user.email)
    expect((await useApp(ticket, await codeAt(user.secret))).status).toBe(200)
    await run('DELETE FROM sessions WHERE user_id = ?', user.id)
    clock.forward(30)
    const before = await burnable(user)
    expect(await refusal(await useApp(ticket, await codeAt(user.secret)))).toEqual(INVALID)
    expect(await refusal(await useCode(ticket, user.recovery_codes[0]!))).toEqual(INVALID)
    expect(await burnable(user)).toEqual(before)
  })

  const MEANWHILE: Record<string, (user: Guarded, token: string) => Promise<unknown>> = {
    'a sign-out everywhere': (_user, token) => call('POST', '/user/logout/everywhere', bearer(token)),
    'a new password': (_user, token) =>
      call('POST', '/user/password', {
        json: { current_password: PASSWORD, new_password: 'nine quiet herons stand' },
        ...bearer(token),
      }),
    'the removal of the password': (_user, token) => call('DELETE', '/user/password', bearer(token)),
    'a factor that was enrolled': async (_user, token) => addPasskey(token, await Passkey.make()),
    'a factor that was removed': ({ passkey }, token) => call('DELETE', `/user/passkeys/${passkey.id}`, bearer(token)),
    'a factor that an administrator removed': async ({ id, passkey }) =>
      call('DELETE', `/admin/users/${id}/factors/${passkey.id}`, bearer((await administrator()).token)),
    'another address': ({ id }) => run('UPDATE users SET email = ? WHERE id = ?', `moved${id}@example.com`, id),
    'the end of asking': ({ id }) => run('UPDATE users SET second_factor = 0 WHERE id = ?', id),
    'a disabled account': ({ id }) => run('UPDATE users SET disabled_at = 1 WHERE id = ?', id),
  }

  it.each(Object.entries(MEANWHILE))('is void after %s, and nothing is burnt', async (_what, meanwhile) => {
    const user = await guarded()
    const token = await signedIn(user)
    const [ticket, other] = [await ticketFor(user.email), await ticketFor(user.email)]
    const options = await askForPasskey(other)
    const done = await meanwhile(user, token)
    if (done instanceof Response) expect(done.ok).toBe(true)
    const before = await burnable(user)
    expect(await refusal(await useApp(ticket, await codeAt(user.secret)))).toEqual(INVALID)
    expect(await refusal(await useCode(ticket, user.recovery_codes[0]!))).toEqual(INVALID)
    const credential = await user.passkey.use(options.publicKey)
    const key = await call('POST', '/user/login/passkey', { json: { ticket: options.ticket, credential } })
    expect(key.status).toBe(401)
    const { spent: _spent, guesses: _guesses, ...after } = await burnable(user)
    expect(after).toEqual({
      totp: before.totp,
      codes: before.codes,
      passkeys: before.passkeys,
      sessions: before.sessions,
    })
  })

  it('of another kind leads nowhere', async () => {
    const user = await guarded()
    const login = await ticketFor(user.email)
    const key = (await askForPasskey(login)).ticket
    const { ticket: mailed, code } = await codeFor(user.email)
    const before = await burnable(user)
    for (const wrong of [
      key,
      mailed,
      user.token,
      user.refresh_token,
      `lkt_${'A'.repeat(80)}`,
      '',
      login.slice(0, -1),
    ]) {
      expect(await refusal(await useApp(wrong, await codeAt(user.secret)))).toEqual(INVALID)
      expect(await refusal(await useCode(wrong, user.recovery_codes[0]!))).toEqual(INVALID)
    }
    for (const wrong of [login, key]) expect(await refusal(await enterCode(wrong, code))).toEqual(INVALID)
    expect(await burnable(user)).toEqual(before)
    expect((await useApp(login, await codeAt(user.secret))).status).toBe(200)
  })

  it('of somebody else takes nothing that is mine', async () => {
    const [ann, bob] = [await guarded(), await guarded()]
    const before = await burnable(bob)
    const ticket = await ticketFor(ann.email)
    expect((await useApp(ticket, await codeAt(bob.secret))).status).toBe(401)
    expect((await useCode(ticket, bob.recovery_codes[0]!)).status).toBe(401)
    expect((await useKey(ticket, bob)).status).toBe(401)
    const { spent: _spent, ...mine } = await burnable(bob)
    const { spent: _before, ...own } = before
    expect(mine).toEqual(own)
  })

  it('is never prolonged: ten minutes after the first step it is over', async () => {
    const user = await guarded()
    const ticket = await ticketFor(user.email)
    clock.forward(590)
    const options = await askForPasskey(ticket)
    expect(options.expires_in).toBe(10)
    expect((await useApp(ticket, await wrongCode(user.secret))).status).toBe(401)
    clock.forward(10)
    const before = await burnable(user)
    expect(await refusal(await useApp(ticket, await codeAt(user.secret)))).toEqual(INVALID)
    const credential = await user.passkey.use(options.publicKey)
    const late = await call('POST', '/user/login/passkey', { json: { ticket: options.ticket, credential } })
    expect(await refusal(late)).toEqual(INVALID)
    expect(await burnable(user)).toEqual(before)
  })
})
