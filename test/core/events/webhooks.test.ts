import { env } from 'cloudflare:workers'
import { Webhook } from 'standardwebhooks'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { features } from '../../../src/app.ts'
import { config } from '../../../src/config.ts'
import { auditRow, type EventName } from '../../../src/core/events/audit.ts'
import type { Events } from '../../../src/core/events/declaration.ts'
import { batch } from '../../../src/core/d1.ts'
import { AFTER_ANSWER } from '../../../src/core/events/delivery.ts'
import { deliverWebhooks } from '../../../src/core/events/webhooks.ts'
import { rooms } from '../../../src/core/rooms.ts'
import { deleteUserRow } from '../../../src/features/admin/delete.ts'
import { disableUser } from '../../../src/features/admin/disable.ts'
import { enableUser } from '../../../src/features/admin/enable.ts'
import { endSessionsOf } from '../../../src/features/admin/end-sessions.ts'
import { setRoles } from '../../../src/features/admin/roles.ts'
import { sql } from '../../../src/lib/sql.ts'
import {
  bearer,
  call,
  callBy,
  callIn,
  clock,
  ENV,
  eventsOf,
  expectProblem,
  freshDatabase,
  lost,
  mailedToken,
  mailsTo,
  member,
  type Member,
  nobody,
  now,
  PASSWORD,
  runCron,
  seen,
  sessionFor,
  watchedDatabase,
  watchedIsolate,
} from '../../support.ts'

freshDatabase()

const DAY = 86_400
const WEBHOOK_URL = 'https://receiver.example/events'
const whsec = (byte: number, bytes = 32) => `whsec_${btoa(String.fromCharCode(byte).repeat(bytes))}`
const SECRET = whsec(7)
const NEW_PASSWORD = 'another password of somebody'

beforeEach(async () => {
  await env.DB.batch(['webhook_outbox', 'outbox'].map((table) => env.DB.prepare(`DELETE FROM ${table}`)))
})

afterEach(() => {
  vi.restoreAllMocks()
})

type Row = {
  id: string
  type: string
  user_id: number | null
  session_id: string | null
  actor: string | null
  at: number
  attempts: number
  due_at: number
}
type Asked = { url: string; init: RequestInit; headers: Headers; text: string; payload: Record<string, unknown> }

const rows = async () => (await env.DB.prepare('SELECT * FROM webhook_outbox ORDER BY due_at, id').all<Row>()).results
const typesOf = async (user_id: number) =>
  (await rows())
    .filter((row) => row.user_id === user_id)
    .map(({ type, session_id, actor }) => [type, session_id, actor])

/** The Worker with a receiver that answers so, and what that was sent. */
function withReceiver(answer: (init: RequestInit) => Promise<Response>, settings: object = {}) {
  const asked: Asked[] = []
  vi.spyOn(globalThis, 'fetch').mockImplementation((url, init = {}) => {
    const text = init.body as string
    const payload = JSON.parse(text) as Asked['payload']
    asked.push({ url: url as string, init, headers: new Headers(init.headers), text, payload })
    return answer(init)
  })
  return { own: { ...ENV, WEBHOOK_URL, WEBHOOK_SECRET: SECRET, ...settings } as Env, asked }
}

const takes = () => Promise.resolve(new Response(null, { status: 204 }))
const refuses = () => Promise.resolve(new Response('broken', { status: 500 }))
const never = () => new Promise<never>(() => {})
const quiet = () => vi.spyOn(console, 'error').mockImplementation(() => {})
const deliver = (own: Env) => deliverWebhooks(own, config(own), now())

/** Events that wait, as audit rows make them. */
async function put(count: number, { id }: { id: number | null }): Promise<string[]> {
  const event = { event: 'user_enabled', user_id: id } as const
  await batch(
    env.DB,
    Array.from({ length: count }, () => auditRow(callBy(), event)),
  )
  return (await rows()).map((row) => row.id)
}

const changePassword = (own: Env, user: Member, new_password = NEW_PASSWORD) =>
  callIn(own, 'POST', '/user/password', {
    json: { current_password: PASSWORD, new_password },
    ...bearer(user.token),
  })

/** What is declared: of each audit event what the outside learns of it. */
const DECLARED: Events = Object.assign({}, ...[...rooms, ...features].map(({ events }) => events))
const audits = Object.keys(DECLARED) as EventName[]

describe('an audit row', () => {
  it.each(audits)('of %s is published as it should be, once, and only without a reason', async (event) => {
    const who = callBy({ at: 1_000, actor: 'cli:somebody', ip: '192.0.2.1', user_agent: 'an agent' })
    const about = { event, user_id: 7, session_id: 'a session', client_id: 'a client' }
    await batch(env.DB, [auditRow(who, { ...about, reason: 'known_email' })])
    expect(await rows()).toEqual([])
    await batch(env.DB, [auditRow(who, about)])
    const client_id = /^(client|consent)_|^user_name_changed$/.test(event) ? 'a client' : null // one trigger publishes these
    const row = {
      user_id: 7,
      session_id: 'a session',
      client_id,
      actor: 'cli:somebody',
      at: 1_000,
      attempts: 0,
      due_at: 1_000,
    }
    const type = DECLARED[event]?.type ?? null
    const id = expect.stringMatching(/^evt_[0-9a-f]{32}$/) as string
    expect(await rows()).toEqual(type === null ? [] : [{ id, type, ...row }])
  })

  it('of a batch that fails is not written, and nothing is published', async () => {
    const failing = [auditRow(callBy(), { event: 'user_enabled', user_id: 7 }), sql`SELECT json('{')`]
    quiet()
    await expect(batch(env.DB, failing)).rejects.toThrow('unavailable')
    expect(await rows()).toEqual([])
  })
})

describe('what people do makes exactly one event:', () => {
  it('registering, unless the address is known; and confirming it', async () => {
    const email = nobody()
    const registering = () => call('POST', '/user/register', { json: { email, password: PASSWORD } })
    expect((await registering()).status).toBe(202)
    const id = (await env.DB.prepare('SELECT id FROM users WHERE email = ?').bind(email).first<number>('id'))!
    expect(await typesOf(id)).toEqual([['user.registered', null, null]])
    const token = mailedToken(email)
    await env.DB.prepare('DELETE FROM webhook_outbox').run()
    expect((await call('POST', '/user/email/verify', { json: { token } })).status).toBe(204)
    expect(await typesOf(id)).toEqual([['user.verified', null, null]])
    expect((await registering()).status).toBe(202)
    expect(await rows()).toHaveLength(1)
  })

  it('a new password, by the old one and by mail', async () => {
    const user = await member()
    expect((await changePassword(ENV, user)).status).toBe(204)
    expect(await typesOf(user.id)).toEqual([['password.changed', user.sid, null]])
    const other = await member()
    await call('POST', '/user/password/forgot', { json: { email: other.email } })
    expect(await typesOf(other.id)).toEqual([])
    const json = { token: mailedToken(other.email), password: NEW_PASSWORD }
    expect((await call('POST', '/user/password/reset', { json })).status).toBe(204)
    expect((await call('POST', '/user/password/reset', { json })).status).toBe(400)
    expect(await typesOf(other.id)).toEqual([['password.reset', null, null]])
  })

  it('a new address', async () => {
    const [user, email] = [await member(), nobody()]
    await call('POST', '/user/email', { json: { email, password: PASSWORD }, ...bearer(user.token) })
    expect(await typesOf(user.id)).toEqual([])
    await call('POST', '/user/email/verify', { json: { token: mailedToken(email), password: PASSWORD } })
    expect(await typesOf(user.id)).toEqual([['user.email_changed', null, null]])
    const { own, asked } = withReceiver(takes)
    await deliver(own)
    expect(asked[0]!.payload.data).toEqual({ user_id: user.id, email })
  })

  it('ending sessions; a login and a logout make none', async () => {
    const user = await member()
    expect((await call('POST', '/user/login', { json: { email: user.email, password: PASSWORD } })).status).toBe(200)
    expect((await call('POST', '/user/login', { json: { email: user.email, password: 'wrong' } })).status).toBe(401)
    expect(await rows()).toEqual([])
    const [other] = (
      await env.DB.prepare('SELECT id FROM sessions WHERE user_id = ? AND id <> ?').bind(user.id, user.sid).all<Row>()
    ).results
    const remove = () => call('DELETE', `/user/sessions/${other!.id}`, bearer(user.token))
    expect([(await remove()).status, (await remove()).status]).toEqual([204, 404])
    expect(await typesOf(user.id)).toEqual([['session.revoked', other!.id, null]])
    await env.DB.prepare('DELETE FROM webhook_outbox').run()
    expect((await call('POST', '/user/logout/everywhere', bearer(user.token))).status).toBe(204)
    expect(await typesOf(user.id)).toEqual([['user.logged_out_everywhere', user.sid, null]])
    const last = await member()
    expect((await call('POST', '/user/logout', bearer(last.token))).status).toBe(204)
    expect(await typesOf(last.id)).toEqual([])
  })

  it('a refresh token that is shown again', async () => {
    const user = await member()
    const show = () => call('POST', '/user/refresh', { json: { refresh_token: user.refresh_token } })
    expect((await show()).status).toBe(200)
    expect(await rows()).toEqual([])
    await env.DB.prepare('UPDATE sessions SET refreshed_at = refreshed_at - 100').run()
    await Promise.all([show(), show(), show()])
    expect(await typesOf(user.id)).toEqual([['session.reused', user.sid, null]])
  })

  it('leaving: the event stays, and has no address any more', async () => {
    const user = await member()
    const leave = () => call('DELETE', '/user/me', { json: { password: PASSWORD }, ...bearer(user.token) })
    expect([(await leave()).status, (await leave()).status]).toEqual([204, 401])
    expect(await typesOf(user.id)).toEqual([['user.deleted', null, null]])
    const { own, asked } = withReceiver(takes)
    await deliver(own)
    expect(asked.map(({ payload }) => [payload.type, payload.data])).toEqual([
      ['user.deleted', { user_id: user.id, email: null }],
    ])
    expect(asked[0]!.text).not.toContain(user.email)
  })

  it('what an operator does, with their name; doing it twice is once', async () => {
    const { id, email } = await member()
    const by = callBy({ actor: 'user:1' })
    const changes: [string, () => Promise<void>][] = [
      ['user.disabled', () => disableUser(by, id)],
      ['user.enabled', () => enableUser(by, id)],
      ['user.roles_changed', () => setRoles(by, { id, roles: ['editor'] })],
    ]
    for (const [type, change] of changes) {
      await env.DB.prepare('DELETE FROM webhook_outbox').run()
      await change()
      await change()
      expect(await typesOf(id)).toEqual([[type, null, 'user:1']])
    }
    await env.DB.prepare('DELETE FROM webhook_outbox').run()
    await sessionFor(id)
    await endSessionsOf(by, id)
    const { own, asked } = withReceiver(takes)
    await deliver(own)
    await deleteUserRow(by, id)
    await expect(deleteUserRow(by, id)).rejects.toThrow('not_found')
    await deliver(own)
    expect(asked.map(({ payload }) => [payload.type, payload.data])).toEqual([
      ['sessions.revoked', { user_id: id, email, actor: 'user:1' }],
      ['user.deleted', { user_id: id, email: null, actor: 'user:1' }],
    ])
  })
})

describe('an event', () => {
  it('goes out after the answer, signed as Standard Webhooks has it, and says nothing secret', async () => {
    const user = await member()
    const { own, asked } = withReceiver(takes)
    expect((await changePassword(own, user)).status).toBe(204)
    expect(asked).toHaveLength(1)
    const { url, init, headers, text, payload } = asked[0]!
    expect([url, init.method, init.redirect]).toEqual([WEBHOOK_URL, 'POST', 'manual'])
    expect(init.signal).toBeInstanceOf(AbortSignal)
    expect([...headers.keys()].sort()).toEqual(['content-type', 'webhook-id', 'webhook-signature', 'webhook-timestamp'])
    expect(headers.get('Content-Type')).toBe('application/json')
    expect(new Webhook(SECRET).verify(text, Object.fromEntries(headers))).toEqual(payload)
    const { timestamp, ...rest } = payload
    expect(rest).toEqual({
      type: 'password.changed',
      data: { user_id: user.id, email: user.email, session_id: user.sid },
    })
    expect(timestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/)
    expect(Math.abs(Date.parse(timestamp as string) / 1000 - now())).toBeLessThan(60)
    expect(text + JSON.stringify([...headers])).not.toMatch(/\$2b\$|eyJ|lk[rd]_|password of somebody|whsec_/)
    expect(await rows()).toEqual([])
  })

  it('is signed with both secrets during a rotation, and a forged one is refused with either', async () => {
    const [older, newer] = [whsec(1, 24), whsec(2, 64)]
    const { own, asked } = withReceiver(takes, { WEBHOOK_SECRET: ` ${newer}\n${older} ` })
    await put(1, await member())
    await deliver(own)
    const { headers, text } = asked[0]!
    expect(headers.get('webhook-signature')).toMatch(/^v1,[A-Za-z0-9+/]{43}= v1,[A-Za-z0-9+/]{43}=$/)
    for (const secret of [older, newer]) {
      const receiver = new Webhook(secret)
      expect(() => receiver.verify(text, Object.fromEntries(headers))).not.toThrow()
      expect(() => receiver.verify(`${text} `, Object.fromEntries(headers))).toThrow()
      expect(() => receiver.verify(text, { ...Object.fromEntries(headers), 'webhook-id': 'evt_other' })).toThrow()
    }
    expect(() => new Webhook(SECRET).verify(text, Object.fromEntries(headers))).toThrow()
  })

  const failures: [string, (init: RequestInit) => Promise<Response>][] = [
    ['answers 500', refuses],
    ['answers 404', () => Promise.resolve(new Response(null, { status: 404 }))],
    ['sends elsewhere', () => Promise.resolve(new Response(null, { status: 302, headers: { Location: '/' } }))],
    ['resets the connection', () => Promise.reject(new TypeError('Network connection lost.'))],
    [
      'never answers',
      ({ signal }) => new Promise((_, reject) => signal!.addEventListener('abort', () => reject(new Error('aborted')))),
    ],
  ]
  it.each(failures)(
    'for a receiver that %s waits for half a minute, and the answer is the same',
    async (_name, way) => {
      const [user, reference] = [await member(), await member()]
      const usual = await seen(await changePassword(ENV, reference))
      await env.DB.prepare('DELETE FROM webhook_outbox').run()
      clock.set(0)
      const deadline = clock.hurry()
      const log = quiet()
      const failing = withReceiver(way)
      expect(await seen(await changePassword(failing.own, user))).toEqual(usual)
      expect(deadline).toHaveBeenCalledWith(10_000)
      expect(await rows()).toMatchObject([{ type: 'password.changed', attempts: 1, due_at: now() + 30 }])
      expect(log).toHaveBeenCalledOnce()
      const line = JSON.parse(log.mock.calls[0]![0] as string) as Record<string, unknown>
      expect([line.code, line.attempts, line.id]).toEqual(['webhook_not_sent', 1, (await rows())[0]!.id])
      expect(JSON.stringify(line)).not.toContain(user.email)

      vi.restoreAllMocks()
      const { own, asked } = withReceiver(takes)
      clock.set(29)
      await runCron(own)
      expect(asked).toEqual([])
      clock.set(30)
      await runCron(own)
      await runCron(own)
      expect(asked.map(({ headers }) => headers.get('webhook-id'))).toEqual([line.id])
      expect(asked[0]!.headers.get('webhook-timestamp')).toBe(String(now()))
      expect(asked[0]!.payload.timestamp).toBe(failing.asked[0]!.payload.timestamp)
      expect(await rows()).toEqual([])
    },
  )

  it('is tried for three days, an hour apart at most, then given up with an audit row that is no event', async () => {
    const { id } = await member()
    quiet()
    clock.set(0)
    const start = now()
    await put(1, { id })
    const { own } = withReceiver(refuses)
    const waits: number[] = []
    await runCron(own)
    for (let [row] = await rows(); row; [row] = await rows()) {
      waits.push(row.due_at - now())
      clock.set(row.due_at - start - 1)
      await runCron(own)
      expect(await rows()).toEqual([row])
      clock.set(row.due_at - start)
      await runCron(own)
    }
    expect(waits.slice(0, 9)).toEqual([30, 60, 120, 240, 480, 960, 1_920, 3_600, 3_600])
    expect(new Set(waits.slice(7))).toEqual(new Set([3_600]))
    expect(now() - start).toBeGreaterThanOrEqual(3 * DAY)
    expect(now() - start).toBeLessThan(3 * DAY + 3_600)
    expect((await eventsOf(id)).filter((event) => event === 'webhook_given_up')).toHaveLength(1)
  })
})

describe('a pass over the events', () => {
  it('is not in the way of another: fifty at once send each event once', async () => {
    const ids = await put(12, await member())
    const { own, asked } = withReceiver(takes)
    await Promise.all(Array.from({ length: 50 }, () => deliver(own)))
    expect(asked).toHaveLength(12)
    expect(new Set(asked.map(({ headers }) => headers.get('webhook-id')))).toEqual(new Set(ids))
    expect(await rows()).toEqual([])
  })

  it('has two on their way at once, and goes on as long as they are taken', async () => {
    const user = await member()
    await put(40, user)
    let [waiting, most] = [0, 0]
    const { own, asked } = withReceiver(async () => {
      most = Math.max(most, ++waiting)
      await scheduler.wait(5)
      waiting--
      return new Response()
    })
    await deliver(own)
    expect([most, asked.length, (await rows()).length]).toEqual([2, 40, 0])
  })

  it('ends where the receiver does not answer, and what is left comes in the next', async () => {
    await put(5, await member())
    quiet()
    clock.set(0)
    const down = withReceiver(() => Promise.reject(new TypeError('Network connection lost.')))
    await deliver(down.own)
    expect(down.asked).toHaveLength(2)
    expect((await rows()).map(({ attempts }) => attempts)).toEqual([0, 0, 0, 1, 1])
    vi.restoreAllMocks()
    const { own, asked } = withReceiver(takes)
    clock.set(30)
    await deliver(own)
    expect(asked).toHaveLength(5)
    expect(await rows()).toEqual([])
  })

  /** A receiver that answers a status to the events of one type, and takes the others. */
  const refusingDeletions = (status: number) =>
    withReceiver(({ body }) =>
      Promise.resolve(new Response(null, { status: (body as string).includes('user.deleted') ? status : 204 })),
    )
  const deletions = (count: number) =>
    batch(
      env.DB,
      Array.from({ length: count }, () => auditRow(callBy(), { event: 'account_deleted', user_id: 7 })),
    )

  it.each([400, 404, 500, 502, 503])(
    'goes on where the receiver refuses some (%i), however many and however often',
    async (status) => {
      const user = await member()
      quiet()
      clock.set(0)
      const { own, asked } = refusingDeletions(status)
      await deletions(2)
      await deliver(own)
      clock.set(31) // the two repeats are due before anything else is made
      await deletions(9)
      await put(20, user)
      await deliver(own)
      expect(asked.filter(({ payload }) => payload.type === 'user.enabled')).toHaveLength(20)
      expect(await typesOf(user.id)).toEqual([])
      expect(await typesOf(7)).toHaveLength(11)
      expect(asked).toHaveLength(2 + 20 + 11)
    },
  )

  it('tries what is new before the repeats, hundreds of them', async () => {
    const user = await member()
    quiet()
    clock.set(0)
    await deletions(300)
    await env.DB.prepare('UPDATE webhook_outbox SET attempts = 3').run()
    clock.set(1)
    const ids = await put(1, user)
    const { own, asked } = refusingDeletions(400)
    await deliverWebhooks(own, config(own), now(), AFTER_ANSWER)
    expect(ids).toContain(asked[0]!.headers.get('webhook-id'))
    expect(asked.slice(0, 2).map(({ payload }) => payload.type)).toContain('user.enabled')
    expect(asked.length).toBeLessThan(20)
  })

  it.each([429, 503])('ends where a whole claim after the first is answered %i', async (status) => {
    await put(40, await member())
    quiet()
    const { own, asked } = withReceiver(() => Promise.resolve(new Response(null, { status })))
    await deliver(own)
    expect(asked).toHaveLength(2 + 10)
  })

  it('reads no more of the outbox for a claim where thousands wait', async () => {
    await env.DB.prepare(
      `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
       INSERT INTO webhook_outbox (id, type, at, due_at) SELECT 'evt_' || i, 'user.enabled', ?1, ?1 FROM n`,
    )
      .bind(now())
      .run()
    quiet()
    withReceiver(() => Promise.reject(new TypeError('Network connection lost.')))
    const isolate = watchedIsolate({ WEBHOOK_URL, WEBHOOK_SECRET: SECRET })
    await deliver(isolate.env)
    expect(isolate.calls[0]!.rows_read).toBeLessThan(30)
  })

  it('holds up no mail, however slow the receiver is', async () => {
    const user = await member()
    const { own } = withReceiver(never)
    await put(6, user)
    await call('POST', '/user/password/forgot', { json: { email: user.email } })
    const before = mailsTo(user.email).length
    await env.DB.prepare(
      `INSERT INTO outbox (id, kind, recipient, language, created_at, due_at)
      VALUES ('waiting', 'password_changed', ?, 'en', 1, 1)`,
    )
      .bind(user.email)
      .run()
    void runCron(own)
    await vi.waitFor(() => expect(mailsTo(user.email)).toHaveLength(before + 1))
    expect(await rows()).toHaveLength(6)
  })

  it('that died while it was sending leaves its event to the next one, after a minute', async () => {
    await put(1, await member())
    clock.set(1)
    const at = now()
    const gone = withReceiver(never)
    void deliver(gone.own)
    await vi.waitFor(() => expect(gone.asked).toHaveLength(1)) // which moves a fake clock on
    expect(await rows()).toMatchObject([{ attempts: 1, due_at: at + 60 }])
    vi.restoreAllMocks()
    const { own, asked } = withReceiver(takes)
    clock.set(60)
    await deliver(own)
    expect(asked).toEqual([])
    clock.set(61)
    await deliver(own)
    expect(asked).toHaveLength(1)
  })

  it('whose database fails is logged, and changes no answer', async () => {
    const [user, reference] = [await member(), await member()]
    const usual = await seen(await changePassword(ENV, reference))
    await env.DB.prepare('DELETE FROM webhook_outbox').run()
    const log = quiet()
    const database = watchedDatabase()
    database.before = ([text]) => (text!.startsWith('UPDATE webhook_outbox') ? lost() : undefined)
    const { own } = withReceiver(takes, { DB: database.DB })
    expect(await seen(await changePassword(own, user))).toEqual(usual)
    expect(JSON.stringify(log.mock.calls)).toContain('webhook_outbox_not_read')
    expect(await rows()).toHaveLength(1)
    await expect(runCron(own)).rejects.toThrow()
  })
})

describe('the settings', () => {
  const ready = (settings: object) => callIn({ ...ENV, ...settings } as Env, 'GET', '/ready')

  it('without WEBHOOK_URL send nothing, and the cron run drops what nobody wants to hear', async () => {
    await put(3, await member())
    const { asked } = withReceiver(takes)
    await deliver(ENV)
    expect([asked.length, (await rows()).length]).toEqual([0, 3])
    await runCron(ENV)
    expect([asked.length, (await rows()).length]).toEqual([0, 0])
  })

  it('with it keep what waits', async () => {
    await put(1, await member())
    quiet()
    await runCron(withReceiver(refuses).own)
    expect(await rows()).toHaveLength(1)
  })

  it.each([
    ['a secret', whsec(1), undefined],
    ['two', `${whsec(1)} ${whsec(2)}`, undefined],
    ['24 bytes', whsec(1, 24), undefined],
    ['64 bytes', whsec(1, 64), undefined],
    ['none', '', 'missing'],
    ['only white space', ' ', 'malformed'],
    ['three', [1, 2, 3].map((byte) => whsec(byte)).join(' '), 'malformed'],
    ['23 bytes', whsec(1, 23), 'malformed'],
    ['65 bytes', whsec(1, 65), 'malformed'],
    ['no prefix', whsec(1).slice(6), 'malformed'],
    ['base64url', `whsec_${'-_'.repeat(22)}`, 'malformed'],
    ['base64 that is cut', whsec(1).slice(0, -2), 'malformed'],
  ])('take %s as WEBHOOK_SECRET, or name it', async (_name, WEBHOOK_SECRET, code) => {
    const answer = await ready({ WEBHOOK_URL, WEBHOOK_SECRET })
    if (code === undefined) expect(answer.status).toBe(200)
    else {
      const problem = await expectProblem(answer, 503, 'not_ready')
      expect(problem.errors).toEqual([{ field: 'WEBHOOK_SECRET', code }])
      if (WEBHOOK_SECRET.trim() !== '') expect(JSON.stringify(problem)).not.toContain(WEBHOOK_SECRET)
    }
  })

  it.each(['http://receiver.example/', 'receiver.example', 'javascript:alert(1)'])('refuse %s', async (url) => {
    const problem = await expectProblem(await ready({ WEBHOOK_URL: url, WEBHOOK_SECRET: SECRET }), 503, 'not_ready')
    expect(problem.errors).toEqual([{ field: 'WEBHOOK_URL', code: 'not_an_https_url' }])
  })
})
