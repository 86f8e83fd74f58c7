import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { features } from '../../../src/app.ts'
import { config } from '../../../src/config.ts'
import { cleanUp } from '../../../src/core/cleanup.ts'
import { deliverMail } from '../../../src/core/mail/mailer.ts'
import {
  bearer,
  callIn,
  callWith,
  clock,
  dump,
  ENV,
  eventsOf,
  freshDatabase,
  member,
  nobody,
  now,
  ORIGIN,
  PASSWORD,
  runCron,
  watchedIsolate,
} from '../../support.ts'

freshDatabase()

const DAY = 86_400

beforeEach(async () => {
  await env.DB.batch(
    ['outbox', 'webhook_outbox', 'audit_events'].map((table) => env.DB.prepare(`DELETE FROM ${table}`)),
  )
  vi.spyOn(console, 'error').mockImplementation(() => {})
})

afterEach(() => {
  vi.restoreAllMocks()
})

type Answer = (to: string, signal: AbortSignal) => Response | Promise<Response>

/** The Worker with a mail API that answers so, and to whom it was asked to send. */
function withApi(answer: Answer) {
  const asked: string[] = []
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (_url, init = {}) => {
    const { to } = JSON.parse(init.body as string) as { to: string }
    asked.push(to)
    return answer(to, init.signal!)
  })
  return { own: { ...ENV, MAIL_URL: 'https://mail.example/send' } as Env, asked }
}

const takes: Answer = () => new Response(null, { status: 202 })
const says =
  (status: number): Answer =>
  () =>
    new Response(null, { status })

const tooMuch: Answer = () => Promise.reject(new Error('Too many subrequests.'))

const deliver = (own: Env, request_id?: string) => deliverMail(own, config(own), now(), features, request_id)

/** So many notices that wait, in any columns: SQL, in which `i` counts from 1. */
async function put(count: number, columns: Record<string, string> = {}): Promise<void> {
  const row: Record<string, string> = {
    id: `'mail ' || i || hex(randomblob(4))`,
    kind: `'password_changed'`,
    recipient: `'somebody' || i || '@example.com'`,
    language: `'en'`,
    created_at: 'unixepoch()',
    due_at: '0',
    ...columns,
  }
  await env.DB.prepare(
    `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
     INSERT INTO outbox (${Object.keys(row).join(', ')}) SELECT ${Object.values(row).join(', ')} FROM n`,
  )
    .bind(count)
    .run()
}

type Row = { recipient: string; attempts: number; due_at: number }

const outbox = async () => (await env.DB.prepare('SELECT * FROM outbox ORDER BY recipient').all<Row>()).results
const countOf = (text: string) => env.DB.prepare(`SELECT count(*) AS n FROM ${text}`).first<number>('n')

describe('a provider that is slow', () => {
  it('is sent each mail once: no deadline runs before its own mail is on the way', async () => {
    await put(20)
    // As a Worker has it: six connections, and what is more waits for one. Everything twenty times as fast.
    const timeout = AbortSignal.timeout.bind(AbortSignal)
    vi.spyOn(AbortSignal, 'timeout').mockImplementation((ms) => timeout(ms / 20))
    let [free, waiting, most] = [6, 0, 0]
    const queue: (() => void)[] = []
    const taken: string[] = []
    const { own } = withApi(async (to, signal) => {
      most = Math.max(most, ++waiting)
      const aborted = new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
      const served = async () => {
        if (free > 0) free--
        else await new Promise<void>((next) => queue.push(next))
        taken.push(to)
        await scheduler.wait(200)
        const next = queue.shift()
        if (next) next()
        else free++
        return new Response()
      }
      return Promise.race([served(), aborted]).finally(() => waiting--)
    })
    await deliver(own)
    await env.DB.prepare('UPDATE outbox SET due_at = 0').run()
    await deliver(own)
    expect(taken).toHaveLength(20)
    expect(new Set(taken).size).toBe(20)
    expect(most).toBe(3)
    expect(await outbox()).toEqual([])
  })
})

describe('the order', () => {
  /** To whom the first claim of a pass goes: it ends where nothing more can be asked. */
  const firstThree = async () => {
    const { own, asked } = withApi(tooMuch)
    await deliver(own)
    await env.DB.prepare('UPDATE outbox SET due_at = 0, attempts = attempts - 1 WHERE due_at > unixepoch()').run()
    return asked
  }

  it('lets the mail of a registration leave with its own request, behind 5,000 others', async () => {
    await put(5_000)
    const { own, asked } = withApi(takes)
    const email = nobody()
    const answer = await callIn(own, 'POST', '/user/register', { json: { email, password: PASSWORD } })
    expect(answer.status).toBe(202)
    expect(asked.slice(0, 3)).toContain(email)
    expect(asked.length).toBeLessThan(25) // a request is no cron run
  })

  it('is first tries before repeats', async () => {
    await put(100, { attempts: '4' })
    await put(1, { recipient: `'new@example.com'`, due_at: '9' })
    expect(await firstThree()).toContain('new@example.com')
  })

  it('gives each network its turn, however many mails another asked for', async () => {
    await put(2_500, { network: `'198.51.100.0/24'` })
    expect(await firstThree()).not.toContain('new@another.example')
    await put(1, { recipient: `'new@another.example'`, network: `'192.0.2.0/24'`, due_at: '9' })
    expect(await firstThree()).toContain('new@another.example')
  })

  it('gives it also to somebody whose mail goes to the domain that the flood goes to', async () => {
    await put(2_500, { network: `'198.51.100.0/24'` })
    await put(1, { recipient: `'new@example.com'`, network: `'192.0.2.0/24'`, due_at: '9' })
    expect(await firstThree()).toContain('new@example.com')
  })

  it('gives each domain its turn, however many networks ask for mail to another', async () => {
    await put(900, { network: `i || '.0/24'` })
    await put(1, { recipient: `'new@Another.example'`, network: `'192.0.2.0/24'`, due_at: '9' })
    expect(await firstThree()).toContain('new@Another.example')
  })

  it('holds for repeats, too', async () => {
    await put(900, { network: `'198.51.100.0/24'`, attempts: '1' })
    await put(1, { recipient: `'new@another.example'`, network: `'192.0.2.0/24'`, attempts: '1', due_at: '9' })
    expect(await firstThree()).toContain('new@another.example')
  })

  it('remembers the network of whoever asked, and nothing where there is none', async () => {
    const { own } = withApi(says(503))
    const networks = async () => (await dump()).outbox!.map(({ network }) => network)
    const { email } = await member()
    await callWith(own, `${ORIGIN}/user/password/forgot`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'CF-Connecting-IP': '2001:db8:1:2:3::4' },
      body: JSON.stringify({ email }),
    })
    expect(await networks()).toEqual(['2001:db8:1:2::/64'])
    await callIn(own, 'POST', '/user/password/forgot', { json: { email }, headers: { 'CF-Connecting-IP': '' } })
    expect(new Set(await networks())).toEqual(new Set(['2001:db8:1:2::/64', null]))
  })

  it('costs a claim no more reading where thousands are in line', async () => {
    await put(5_000, { network: `(i % 7) || '.0/24'` })
    const { own } = withApi(tooMuch)
    await deliver(own)
    expect(await countOf('outbox WHERE network_turn IS NOT NULL')).toBeGreaterThan(4_900)
    const isolate = watchedIsolate({ MAIL_URL: 'https://mail.example/send' })
    await deliver(isolate.env)
    expect(isolate.calls[0]!.rows_read).toBeLessThan(60)
  })
})

describe('a mail that will never be taken', () => {
  it.each([400, 401, 403, 404, 410, 413, 422])('is given up at once (%i)', async (status) => {
    await put(1, { user_id: '77' })
    await deliver(withApi(says(status)).own)
    expect(await outbox()).toEqual([])
    expect(await eventsOf(77)).toEqual(['mail_given_up: refused'])
  })

  it.each([408, 425, 429, 500, 502, 503, 504, 302])('is not given up because of %i', async (status) => {
    if (status === 429) clock.skipWaits()
    await put(1)
    await deliver(withApi(says(status)).own)
    expect(await outbox()).toMatchObject([{ attempts: status === 429 ? 0 : 1 }])
    expect(await countOf('audit_events')).toBe(0)
  })

  const withCode = (code: string) => {
    const send = () => Promise.reject(Object.assign(new Error('not sent'), { code }))
    return { ...ENV, EMAIL: { send } } as unknown as Env
  }

  it.each(['E_RECIPIENT_SUPPRESSED', 'E_RECIPIENT_NOT_ALLOWED', 'E_VALIDATION_ERROR', 'E_HEADERS_TOO_MANY'])(
    'is given up at once where the binding says %s',
    async (code) => {
      await put(1, { user_id: '77' })
      await deliver(withCode(code))
      expect(await outbox()).toEqual([])
      expect(await eventsOf(77)).toEqual(['mail_given_up: refused'])
    },
  )

  it.each(['E_DELIVERY_FAILED', 'E_INTERNAL_SERVER_ERROR', 'E_DAILY_LIMIT_EXCEEDED', 'E_SENDER_NOT_VERIFIED'])(
    'is not given up because of %s',
    async (code) => {
      await put(1)
      await deliver(withCode(code))
      expect(await outbox()).toMatchObject([{ attempts: 1 }])
    },
  )

  it.each(['refused.example', 'example.com'])(
    'is in nobody’s way: 2,000 of them at %s, and every other leaves in one run',
    async (domain) => {
      await put(2_000, { recipient: `'refused' || i || '@${domain}'`, user_id: '77' })
      await put(50, { recipient: `'other' || i || '@example.com'`, due_at: 'unixepoch()' })
      const { own, asked } = withApi((to) => new Response(null, { status: to.startsWith('refused') ? 422 : 202 }))
      await runCron(own)
      expect(asked.filter((to) => to.startsWith('other'))).toHaveLength(50)
      expect(await outbox()).toEqual([])
      expect(await countOf(`audit_events WHERE event = 'mail_given_up' AND user_id = 77`)).toBe(2_000)
      await runCron(own)
      expect(asked).toHaveLength(2_050)
    },
  )
})

const withBinding = (send: () => Promise<unknown>) => ({ ...ENV, EMAIL: { send } }) as unknown as Env
const failsWith = (code: string) => () => Promise.reject(Object.assign(new Error('no'), { code }))

describe('a provider that has had enough', () => {
  it.each<[string, () => Env]>([
    ['cannot be asked any more', () => withApi(tooMuch).own],
    ['says so by the binding', () => withBinding(failsWith('E_DAILY_LIMIT_EXCEEDED'))],
  ])('is left alone for the rest of a run (%s)', async (_how, make) => {
    await put(40)
    await deliver(make())
    expect(await countOf('outbox WHERE attempts = 0')).toBe(37)
    expect(await countOf('outbox WHERE attempts = 1')).toBe(3)
  })
})

describe('a provider that takes two mails a second', () => {
  /** It says 429 to a third one within a second, and takes 0.1 s for an answer. */
  function busyApi(headers: HeadersInit = {}) {
    clock.skipWaits()
    const taken: { to: string; at: number }[] = []
    const { own, asked } = withApi(async (to) => {
      await scheduler.wait(100)
      if (taken.filter(({ at }) => clock.elapsed() - at < 1).length >= 2)
        return new Response(null, { status: 429, headers })
      taken.push({ to, at: clock.elapsed() })
      return new Response()
    })
    return { own, asked, taken }
  }

  it.each<[string, HeadersInit]>([
    ['says when', { 'Retry-After': '1' }],
    ['does not say when', {}],
    ['says it in another way', { 'Retry-After': 'Fri, 31 Dec 1999 23:59:59 GMT' }],
  ])('is sent sixty in a run, each once (%s)', async (_how, headers) => {
    await put(100, { network: `(i % 7) || '.0/24'` })
    const { own, taken } = busyApi(headers)
    await deliver(own)
    expect(taken.length).toBeGreaterThan(60)
    expect(clock.elapsed()).toBeLessThan(47)
    expect(await countOf(`outbox WHERE attempts = 0 AND due_at <= ${now()}`)).toBe(100 - taken.length)
    expect(await countOf('outbox')).toBe(100 - taken.length)
    await deliver(own)
    expect(new Set(taken.map(({ to }) => to)).size).toBe(100)
    expect(taken).toHaveLength(100)
    expect(await outbox()).toEqual([])
  })

  it('keeps those whose turn it was in front of what comes later', async () => {
    await put(200, { due_at: 'i' })
    const { own, taken } = busyApi()
    await deliver(own)
    const before = taken.length
    await put(200, { recipient: `'later' || i || '@example.com'`, due_at: '0', network: `'192.0.2.0/24'` })
    await deliver(own)
    const next = taken.slice(before).map(({ to }) => to)
    expect(next.filter((to) => to.startsWith('somebody')).length).toBeGreaterThan(50)
    expect(await env.DB.prepare('SELECT max(attempts) AS n FROM outbox').first('n')).toBe(0)
  })
})

describe('a provider that is busy', () => {
  it.each<[string, () => Env]>([
    ['answers 429', () => withApi(says(429)).own],
    ['says so by the binding', () => withBinding(failsWith('E_RATE_LIMIT_EXCEEDED'))],
  ])('for all of a run is asked a few times, ever more rarely, and no try is counted (%s)', async (_how, make) => {
    await put(40)
    clock.skipWaits()
    await deliver(make())
    expect(clock.elapsed()).toBe(1 + 2 + 4 + 8 + 16)
    expect(await countOf(`outbox WHERE attempts = 0 AND due_at <= ${now()}`)).toBe(40)
    const { own, asked } = withApi(takes)
    await deliver(own)
    expect(asked).toHaveLength(40)
  })

  it.each([
    ['7', 7],
    ['21', 0],
    ['99999999999', 0],
  ])('for %s seconds is asked after them, or not in this run', async (seconds, waited) => {
    await put(1)
    clock.skipWaits()
    const { own, asked } = withApi(() =>
      clock.elapsed() === 0 ? new Response(null, { status: 429, headers: { 'Retry-After': seconds } }) : new Response(),
    )
    await deliver(own)
    expect(clock.elapsed()).toBe(waited)
    expect(asked).toHaveLength(waited > 0 ? 2 : 1)
  })

  it('does not take back a mail that somebody else has claimed meanwhile', async () => {
    await put(1)
    const { own } = withApi(async () => {
      await env.DB.prepare('UPDATE outbox SET attempts = 2, due_at = due_at + 60').run()
      return new Response(null, { status: 429, headers: { 'Retry-After': '60' } })
    })
    const at = now()
    await deliver(own)
    const [row] = await outbox()
    expect(row!.attempts).toBe(2)
    expect(row!.due_at).toBeGreaterThanOrEqual(at + 120)
  })

  it('keeps a request’s own work within its time', async () => {
    await put(30, { request_id: `iif(i = 1, 'own', NULL)` })
    clock.skipWaits()
    const { own, asked } = withApi(says(429))
    await deliver(own, 'own')
    expect(clock.elapsed()).toBeLessThanOrEqual(10)
    expect(asked.length).toBeLessThan(10)
    expect(await countOf(`outbox WHERE attempts = 0 AND due_at <= ${now()}`)).toBe(30)
  })

  it('with one address alone holds up no other', async () => {
    await put(1, { recipient: `'never@example.com'`, due_at: '-1' })
    await put(40)
    clock.skipWaits()
    const { own, asked } = withApi((to) => new Response(null, { status: to.startsWith('never') ? 429 : 200 }))
    await deliver(own)
    expect(new Set(asked).size).toBe(41)
    expect(await outbox()).toMatchObject([{ recipient: 'never@example.com', attempts: 1, due_at: now() + 30 }])
  })

  it('with thousands of addresses holds up nobody for ever', async () => {
    await put(2_000, { recipient: `'never' || i || '@example.com'`, due_at: '-1', network: `'198.51.100.0/24'` })
    clock.skipWaits()
    const { own, asked } = withApi((to) => new Response(null, { status: to.startsWith('never') ? 429 : 200 }))
    await deliver(own)
    await put(20, { recipient: `'other' || i || '@example.com'` })
    for (let run = 0; run < 8; run++) await deliver(own)
    expect(asked.filter((to) => to.startsWith('other'))).toHaveLength(20)
  })
})

describe('a mail whose link is dead', () => {
  const forgotIn = (own: Env, email: string) => callIn(own, 'POST', '/user/password/forgot', { json: { email } })

  async function waiting() {
    const user = await member()
    await forgotIn(withApi(says(503)).own, user.email)
    await env.DB.prepare('UPDATE outbox SET due_at = 0').run()
    vi.mocked(fetch).mockRestore()
    return user
  }

  it('is not sent where a newer one took its place', async () => {
    const { id, email } = await waiting()
    await forgotIn(withApi(says(503)).own, email)
    vi.mocked(fetch).mockRestore()
    await env.DB.prepare('UPDATE outbox SET due_at = 0').run()
    expect(await outbox()).toHaveLength(1) // the request dropped the first, and could not send its own
    const { own, asked } = withApi(takes)
    await runCron(own)
    expect(asked).toEqual([email])
    expect(await outbox()).toEqual([])
    expect((await eventsOf(id)).filter((event) => event.startsWith('mail'))).toEqual([])
  })

  it('is not sent where a change made it void', async () => {
    const { email, token } = await waiting()
    const json = { current_password: PASSWORD, new_password: 'another password of somebody' }
    const { own, asked } = withApi(takes)
    expect((await callIn(own, 'POST', '/user/password', { json, ...bearer(token) })).status).toBe(204)
    await runCron(own)
    expect(asked).toEqual([email]) // the notice of the change
    expect(await outbox()).toEqual([])
  })

  it('is given up with an audit row once it has expired, and sent a second before', async () => {
    clock.set(0)
    const [late, inTime] = [await waiting(), await waiting()]
    const { own, asked } = withApi(takes)
    await env.DB.prepare('UPDATE outbox SET due_at = ? WHERE recipient = ?')
      .bind(now() + 3_600, late.email)
      .run()
    clock.set(3_599)
    await runCron(own)
    expect(asked).toEqual([inTime.email])
    clock.set(3_600)
    await runCron(own)
    expect(asked).toEqual([inTime.email])
    expect(await outbox()).toEqual([])
    expect((await eventsOf(late.id)).at(-1)).toBe('mail_given_up: link_expired')
  })

  it('is not sent where it expires while others of its claim are on their way', async () => {
    clock.set(0)
    const { id, email } = await waiting()
    await env.DB.prepare('UPDATE one_time_tokens SET expires_at = ? WHERE user_id = ?')
      .bind(now() + 15, id)
      .run()
    await env.DB.prepare('UPDATE outbox SET created_at = created_at - 3585').run()
    await put(15, { due_at: '-1', id: `'!' || i` }) // a claim comes by id: the link's is the last of the second
    let sent = 0
    const { own, asked } = withApi(() => {
      if (++sent === 4) clock.set(15)
      return new Response()
    })
    await deliver(own)
    expect(asked).toHaveLength(15)
    expect(asked).not.toContain(email)
    expect(await outbox()).toEqual([])
    expect((await eventsOf(id)).at(-1)).toBe('mail_given_up: link_expired')
  })

  it('is not sent an hour later, where its row is of before links had hashes', async () => {
    clock.set(0)
    const [late, inTime] = [await waiting(), await waiting()]
    await env.DB.prepare('UPDATE outbox SET link_hash = NULL, created_at = ? - iif(recipient = ?, 3600, 3599)')
      .bind(now(), late.email)
      .run()
    const { own, asked } = withApi(takes)
    await deliver(own)
    expect(asked).toEqual([inTime.email])
    expect(await outbox()).toEqual([])
    expect((await eventsOf(late.id)).at(-1)).toBe('mail_given_up: link_expired')
  })

  it('is sent where it is the notice of a change, which cancels it by its link', async () => {
    const { email } = await waiting()
    await env.DB.prepare(
      `UPDATE outbox SET link_hash = NULL, kind = 'email_change_requested', created_at = created_at - 7200`,
    ).run()
    const { own, asked } = withApi(takes)
    await deliver(own)
    expect(asked).toEqual([email])
  })
})

describe('passes at the same time', () => {
  it('send each mail once, fifty of them', async () => {
    await put(60, { request_id: `'request ' || (i % 10)` })
    const { own, asked } = withApi(async () => {
      await scheduler.wait(2)
      return new Response()
    })
    await Promise.all(Array.from({ length: 50 }, (_, i) => deliver(own, i < 25 ? `request ${i % 10}` : undefined)))
    expect(asked).toHaveLength(60)
    expect(new Set(asked).size).toBe(60)
    expect(await outbox()).toEqual([])
  })

  it('send each mail once, fifty of them, also where the provider is busy at every third', async () => {
    await put(60, { request_id: `'request ' || (i % 10)` })
    const wait = scheduler.wait.bind(scheduler)
    vi.spyOn(scheduler, 'wait').mockImplementation((ms) => wait(ms / 100))
    const taken: string[] = []
    let answers = 0
    const { own } = withApi(async (to) => {
      await wait(2)
      if (++answers % 3 === 0) return new Response(null, { status: 429 })
      taken.push(to)
      return new Response()
    })
    await Promise.all(Array.from({ length: 50 }, (_, i) => deliver(own, i < 25 ? `request ${i % 10}` : undefined)))
    for (let run = 0; run < 3; run++) {
      await env.DB.prepare('UPDATE outbox SET due_at = 0').run()
      await deliver(own)
    }
    expect(new Set(taken).size).toBe(60)
    expect(taken).toHaveLength(60)
    expect(await outbox()).toEqual([])
  })

  it('leave each other alone, also where one is of a version that knows no line', async () => {
    await put(1, { network_turn: '1', domain_turn: '1', attempts: '1', due_at: 'unixepoch() + 60' })
    const { own, asked } = withApi(takes)
    await deliver(own)
    expect(asked).toEqual([])
  })
})

describe('a database that fails', () => {
  it.each(['before', 'after'] as const)(
    'loses no mail that is given up, nor its audit row, whichever call is lost (%s)',
    async (moment) => {
      clock.set(0)
      for (let call = 1; call <= 3; call++) {
        await env.DB.prepare('DELETE FROM audit_events').run()
        await put(4, { user_id: '77' }) // two claims: three, and one
        const isolate = watchedIsolate({ MAIL_URL: 'https://mail.example/send' })
        isolate[moment] = () => {
          if (isolate.calls.length === call) throw new Error('D1_ERROR: Network connection lost.')
        }
        withApi(says(422))
        await expect(deliver(isolate.env)).rejects.toThrow('unavailable')
        expect((await outbox()).length + ((await countOf('audit_events')) ?? 0)).toBe(4)
        clock.set(61 * call)
        await runCron(isolate.env)
        expect(await outbox()).toEqual([])
        expect(await eventsOf(77)).toEqual(Array(4).fill('mail_given_up: refused'))
        vi.mocked(fetch).mockRestore()
      }
    },
  )
})

describe('what has waited for too long', () => {
  it('is given up by the clean-up, each with its audit row, whatever the provider does', async () => {
    clock.set(0)
    await put(5_000, { created_at: `unixepoch() - ${DAY}`, user_id: 'i', attempts: '9' })
    const { own, asked } = withApi(says(503))
    let runs = 0
    for (; (await outbox()).length > 0; runs++) {
      clock.set(60 * runs)
      await runCron(own)
    }
    expect(runs).toBe(5)
    expect(asked).toEqual([])
    expect(await countOf(`audit_events WHERE event = 'mail_given_up'`)).toBe(5_000)
    expect(await countOf('(SELECT DISTINCT user_id, request_id FROM audit_events)')).toBe(5_000)
  })

  it('is left alone while somebody delivers it, and as long as its time is not over', async () => {
    await put(1, { created_at: `unixepoch() - ${2 * DAY}`, due_at: 'unixepoch() + 60' })
    await put(1, { created_at: `unixepoch() - ${DAY} + 100` })
    await cleanUp(env.DB, config(ENV), now())
    expect(await outbox()).toHaveLength(2)
  })

  it('is no event either: 3,000 of them and a dead receiver are gone within the hour', async () => {
    clock.set(0)
    await env.DB.prepare(
      `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
       INSERT INTO webhook_outbox (id, type, user_id, at, due_at)
       SELECT 'evt_' || i, 'user.enabled', i, ?1, ?1 + 3600 FROM n`,
    )
      .bind(now() - 3 * DAY)
      .run()
    const WEBHOOK_SECRET = `whsec_${btoa('s'.repeat(32))}`
    vi.spyOn(globalThis, 'fetch').mockRejectedValue(new TypeError('Network connection lost.'))
    const own = { ...ENV, WEBHOOK_URL: 'https://receiver.example/events', WEBHOOK_SECRET } as Env
    let runs = 0
    for (; ((await countOf('webhook_outbox')) ?? 0) > 0; runs++) {
      clock.set(60 * runs)
      await runCron(own)
    }
    expect(runs).toBeLessThan(6)
    expect(await countOf(`audit_events WHERE event = 'webhook_given_up'`)).toBe(3_000)
    expect(await countOf('(SELECT DISTINCT user_id, request_id FROM audit_events)')).toBe(3_000)
  })
})
