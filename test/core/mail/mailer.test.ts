import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { config } from '../../../src/config.ts'
import { features } from '../../../src/app.ts'
import { deliverMail } from '../../../src/core/mail/mailer.ts'
import {
  bearer,
  call,
  callIn,
  clock,
  ENV,
  eventsOf,
  expectProblem,
  freshDatabase,
  insertUser,
  mailedToken,
  mails,
  mailsTo,
  lost,
  member,
  now,
  PASSWORD,
  runCron,
  seen,
  watchedIsolate,
} from '../../support.ts'

freshDatabase()

const DAY = 86_400
const MAIL_URL = 'https://mail.example/send'

beforeEach(async () => {
  await env.DB.prepare('DELETE FROM outbox').run()
})

afterEach(() => {
  vi.restoreAllMocks()
})

type Message = { from: string; to: string; subject: string; text: string; html: string }
type OutboxRow = { id: string; kind: string; recipient: string; attempts: number; due_at: number; created_at: number }

const outbox = async () => (await env.DB.prepare('SELECT * FROM outbox ORDER BY id').all<OutboxRow>()).results

/** The Worker with a mail binding that does this. */
const withBinding = (send: (message: Message) => unknown, settings: object = {}) =>
  ({ ...ENV, EMAIL: { send }, ...settings }) as unknown as Env

/** The Worker with a mail API instead of the binding, and what it was sent. */
function withApi(answer: (init: RequestInit) => Promise<Response>, settings: object = {}) {
  const asked: { url: string; init: RequestInit; headers: Headers; message: Message }[] = []
  const fetching = vi.spyOn(globalThis, 'fetch').mockImplementation((url, init = {}) => {
    const message = JSON.parse(init.body as string) as Message
    asked.push({ url: url as string, init, headers: new Headers(init.headers), message })
    return answer(init)
  })
  return { own: { ...ENV, MAIL_URL, ...settings } as Env, asked, fetching }
}

const never = () => new Promise<never>(() => {})
const forgotIn = (own: Env, email: string, headers: HeadersInit = {}) =>
  callIn(own, 'POST', '/user/password/forgot', { json: { email }, headers })
const down = withBinding(() => Promise.reject(new Error('the provider is down')))

describe('a provider that fails', () => {
  const bindings: [string, () => unknown][] = [
    [
      'throws',
      () => {
        throw new Error('no such address')
      },
    ],
    ['rejects', () => Promise.reject(new Error('the provider is down'))],
    ['never answers', never],
  ]
  const apis: [string, (init: RequestInit) => Promise<Response>][] = [
    ['answers 500', () => Promise.resolve(new Response('broken', { status: 500 }))],
    ['sends elsewhere', () => Promise.resolve(new Response(null, { status: 302, headers: { Location: '/' } }))],
    ['resets the connection', () => Promise.reject(new TypeError('Network connection lost.'))],
    [
      'never answers',
      ({ signal }) => new Promise((_, reject) => signal!.addEventListener('abort', () => reject(new Error('aborted')))),
    ],
  ]
  const environments: [string, () => Env][] = [
    ...bindings.map(([name, send]): [string, () => Env] => [`a binding that ${name}`, () => withBinding(send)]),
    ...apis.map(([name, answer]): [string, () => Env] => [`an API that ${name}`, () => withApi(answer).own]),
  ]

  it.each(environments)('%s: the answer is the same, and the mail waits for half a minute', async (_name, make) => {
    const [user, reference] = [await member(), await member()]
    const usual = await seen(await forgotIn(ENV, reference.email))
    clock.set(0)
    const log = vi.spyOn(console, 'error').mockImplementation(() => {})
    const deadline = clock.hurry()
    expect(await seen(await forgotIn(make(), user.email))).toEqual(usual)
    expect(deadline).toHaveBeenCalledWith(10_000)
    expect(await outbox()).toMatchObject([{ recipient: user.email, attempts: 1, due_at: now() + 30 }])
    expect(log).toHaveBeenCalledOnce()
    const [line] = log.mock.calls[0] as [string]
    expect(JSON.parse(line)).toMatchObject({ code: 'mail_not_sent', attempts: 1 })
    expect(line).not.toContain(user.email)

    vi.restoreAllMocks()
    clock.set(29)
    await runCron()
    expect(mailsTo(user.email)).toEqual([])
    clock.set(30)
    await runCron()
    await runCron()
    expect(mailsTo(user.email)).toHaveLength(1)
    expect(await outbox()).toEqual([])
    const json = { token: mailedToken(user.email), password: 'another password of somebody' }
    expect((await call('POST', '/user/password/reset', { json })).status).toBe(204)
  })

  it('is left alone for longer each time, an hour at most, and given up after a day', async () => {
    const { id, email, token } = await member()
    vi.spyOn(console, 'error').mockImplementation(() => {})
    clock.set(0)
    const start = now()
    const json = { current_password: PASSWORD, new_password: 'another password of somebody' }
    await callIn(down, 'POST', '/user/password', { json, ...bearer(token) }) // a notice, which has no link
    const waits: number[] = []
    for (let [row] = await outbox(); row; [row] = await outbox()) {
      waits.push(row.due_at - now())
      expect(row).toMatchObject({ attempts: waits.length, created_at: start })
      clock.set(row.due_at - start - 1)
      await runCron(down)
      expect(await outbox()).toEqual([row])
      clock.set(row.due_at - start)
      await runCron(down)
    }
    expect(waits.slice(0, 9)).toEqual([30, 60, 120, 240, 480, 960, 1_920, 3_600, 3_600])
    expect(new Set(waits.slice(7))).toEqual(new Set([3_600]))
    expect(now() - start).toBeGreaterThanOrEqual(DAY)
    expect(now() - start).toBeLessThan(DAY + 3_600)
    expect((await eventsOf(id)).filter((event) => event === 'mail_given_up')).toHaveLength(1)
    await runCron()
    expect(mailsTo(email)).toEqual([])
  })

  it('does not keep other mails from being sent, and those are not sent again', async () => {
    const [stuck, fine] = [await member(), await member()]
    vi.spyOn(console, 'error').mockImplementation(() => {})
    await forgotIn(down, stuck.email)
    await forgotIn(down, fine.email)
    await env.DB.prepare('UPDATE outbox SET due_at = 0').run()
    const sent: string[] = []
    const half = withBinding(({ to }) => {
      sent.push(to)
      return to === stuck.email ? never() : Promise.resolve()
    })
    clock.hurry()
    await runCron(half)
    expect(sent.sort()).toEqual([stuck.email, fine.email].sort())
    expect(await outbox()).toMatchObject([{ recipient: stuck.email, attempts: 2 }])
  })
})

describe('a pass over the outbox', () => {
  /** So many mails that wait, each to somebody else: of two links to one address, the older is void. */
  const put = async (count: number) => {
    const before = (await outbox()).length
    vi.spyOn(console, 'error').mockImplementation(() => {})
    const emails: string[] = []
    for (let i = 0; i < count; i++) {
      const { email } = await member()
      emails.push(email)
      await forgotIn(down, email)
      await env.DB.prepare('UPDATE outbox SET due_at = due_at + 9').run() // the next request does not try them
    }
    await env.DB.prepare('UPDATE outbox SET due_at = 0').run()
    expect(await outbox()).toHaveLength(before + count)
    return emails
  }
  const mailsToAll = (emails: string[]) => emails.flatMap(mailsTo)

  it('is not in the way of another: two at once send each mail once', async () => {
    const emails = await put(5)
    await Promise.all([runCron(), runCron(), runCron()])
    expect(mailsToAll(emails)).toHaveLength(5)
    expect(new Set(mailsToAll(emails).map(({ text }) => text)).size).toBe(5)
    expect(await outbox()).toEqual([])
  })

  it('takes what is due, the oldest first', async () => {
    const emails = await put(25)
    for (const [i, email] of emails.entries()) {
      await env.DB.prepare('UPDATE outbox SET due_at = ? WHERE recipient = ?').bind(i, email).run()
    }
    const before = mails.length
    await runCron()
    expect(await outbox()).toEqual([])
    const sent = mails.slice(before).map(({ to }) => to)
    const claims = [sent.slice(0, 3), sent.slice(3, 18), sent.slice(18)] // a claim has no order in itself
    expect(claims.map((claim) => claim.sort())).toEqual([
      emails.slice(0, 3).sort(),
      emails.slice(3, 18).sort(),
      emails.slice(18).sort(),
    ])
  })

  it('that died while it was sending leaves its mail to the next one, after a minute', async () => {
    const [email] = (await put(1)) as [string]
    clock.set(0)
    vi.spyOn(AbortSignal, 'timeout').mockImplementation(() => new AbortController().signal)
    const at = now()
    void deliverMail(withBinding(never), config(ENV), at, features)
    // Each look of `waitFor` moves a fake clock on.
    await vi.waitFor(async () => expect(await outbox()).toMatchObject([{ attempts: 2, due_at: at + 60 }]))
    clock.set(59)
    await runCron()
    expect(mailsTo(email)).toEqual([])
    clock.set(60)
    await runCron()
    expect(mailsTo(email)).toHaveLength(1)
    expect(await outbox()).toEqual([])
  })

  it('leaves mail that is not due where it is', async () => {
    const [email] = (await put(1)) as [string]
    await env.DB.prepare('UPDATE outbox SET due_at = ?')
      .bind(now() + 100)
      .run()
    await runCron()
    expect(mailsTo(email)).toEqual([])
  })

  it('whose database fails afterwards is logged, and changes no answer', async () => {
    const { email } = await member()
    const usual = await seen(await forgotIn(ENV, email))
    const log = vi.spyOn(console, 'error').mockImplementation(() => {})
    const isolate = watchedIsolate()
    isolate.before = ([text]) => (text!.startsWith('UPDATE outbox') ? lost() : undefined)
    expect(await seen(await forgotIn(isolate.env, email))).toEqual(usual)
    expect(JSON.stringify(log.mock.calls)).toContain('outbox_not_read')
    expect(await outbox()).toHaveLength(1)
  })
})

describe('a mail', () => {
  it('is in the outbox as soon as the change is made, by the same batch', async () => {
    const { email } = await member()
    const seenBySender: string[] = []
    const own = withBinding(async () => {
      const { results } = await env.DB.prepare('SELECT user_id FROM one_time_tokens').all()
      seenBySender.push(...(await outbox()).map(({ recipient }) => recipient), String(results.length > 0))
    })
    await forgotIn(own, email)
    expect(seenBySender).toEqual([email, 'true'])
    expect(await outbox()).toEqual([])
  })

  it('comes from MAIL_FROM, and goes to one address', async () => {
    const { email } = await member()
    await forgotIn(ENV, email)
    expect(mails.at(-1)).toEqual({
      from: 'latchkey@login.example',
      to: email,
      subject: 'Latchkey: Set a new password',
      text: expect.stringContaining('https://login.example/reset?token=') as string,
      html: expect.stringContaining('<a href="https://login.example/reset?token=') as string,
      headers: { 'Auto-Submitted': 'auto-generated' },
    })
  })

  it('is written in the language of its reader: the one that is stored, else the one of the request', async () => {
    const subjectFor = async (language: string | null, accepted: string) => {
      const { id, email } = await insertUser({ hashed_password: null })
      await env.DB.prepare('UPDATE users SET language = ? WHERE id = ?').bind(language, id).run()
      await forgotIn(ENV, email, { 'Accept-Language': accepted })
      return mails.at(-1)!.subject
    }
    const [english, korean] = ['Latchkey: Set a new password', 'Latchkey: 비밀번호 재설정']
    expect(await subjectFor('ko', 'en')).toBe(korean)
    expect(await subjectFor('en', 'ko-KR')).toBe(english)
    expect(await subjectFor(null, 'ko-KR,ko;q=0.9')).toBe(korean)
    expect(await subjectFor(null, 'fr')).toBe(english)
  })

  it('to MAIL_URL is a POST with a bearer token, and the same idempotency key at each try', async () => {
    const { email } = await member()
    vi.spyOn(console, 'error').mockImplementation(() => {})
    let works = false
    const { own, asked } = withApi(() => Promise.resolve(new Response(null, { status: works ? 202 : 503 })), {
      MAIL_TOKEN: 'the token of the mail API',
    })
    await forgotIn(own, email)
    const [{ id }] = (await outbox()) as [OutboxRow]
    works = true
    await env.DB.prepare('UPDATE outbox SET due_at = 0').run()
    await runCron(own)
    expect(asked).toHaveLength(2)
    for (const { url, init, headers, message } of asked) {
      expect([url, init.method, init.redirect]).toEqual([MAIL_URL, 'POST', 'manual'])
      expect(headers.get('Content-Type')).toBe('application/json')
      expect(headers.get('Authorization')).toBe('Bearer the token of the mail API')
      expect(headers.get('Idempotency-Key')).toBe(id)
      expect(Object.keys(message).sort()).toEqual(['from', 'html', 'subject', 'text', 'to'])
      expect(message).toMatchObject({ from: 'latchkey@login.example', to: email })
      expect(message).toEqual(asked[0]!.message)
    }
    expect(await outbox()).toEqual([])
    expect(mailsTo(email)).toEqual([])
  })

  it('to MAIL_URL goes without a token where none is set', async () => {
    const { email } = await member()
    const { own, asked } = withApi(() => Promise.resolve(new Response()))
    await forgotIn(own, email)
    expect(asked.map(({ headers }) => headers.get('Authorization'))).toEqual([null])
  })

  it('is printed by the driver for a terminal', async () => {
    const { email } = await member()
    const log = vi.spyOn(console, 'info').mockImplementation(() => {})
    await forgotIn({ ...ENV, MAIL_DRIVER: 'console' } as Env, email)
    expect(log).toHaveBeenCalledOnce()
    const line = JSON.parse(log.mock.calls[0]![0] as string) as Record<string, string>
    expect(line).toMatchObject({ code: 'mail', to: email, subject: 'Latchkey: Set a new password' })
    expect(line.text).toMatch(/\nhttps:\/\/login\.example\/reset\?token=[\w-]{43}\n/)
    expect(mailsTo(email)).toEqual([])
    expect(await outbox()).toEqual([])
  })

  it('never sends to an API that is not named', async () => {
    const answer = await callIn({ ...ENV, MAIL_DRIVER: 'http' } as Env, 'GET', '/ready')
    expect((await expectProblem(answer, 503, 'not_ready')).errors).toEqual([{ field: 'MAIL_URL', code: 'missing' }])
    for (const url of ['http://mail.example/', 'mail.example', 'javascript:alert(1)']) {
      const wrong = await callIn({ ...ENV, MAIL_URL: url } as Env, 'GET', '/ready')
      expect((await expectProblem(wrong, 503, 'not_ready')).errors).toMatchObject([{ field: 'MAIL_URL' }])
    }
  })
})

describe('a sealed link', () => {
  const NEXT = 'the secret after the rotation, 32 bytes or more'
  const { LATCHKEY_SECRET } = config(ENV)
  const rotated = { ...ENV, LATCHKEY_SECRET: NEXT, LATCHKEY_SECRET_PREVIOUS: LATCHKEY_SECRET } as Env
  const forgotten = { ...ENV, LATCHKEY_SECRET: NEXT } as Env

  /** A mail that waits, sealed with the secret of the tests. */
  async function waiting() {
    const user = await member()
    vi.spyOn(console, 'error').mockImplementation(() => {})
    await forgotIn(down, user.email)
    await env.DB.prepare('UPDATE outbox SET due_at = 0').run()
    return user
  }

  it('is still opened after a rotation, by the previous secret', async () => {
    const { email } = await waiting()
    await runCron(rotated)
    expect(await outbox()).toEqual([])
    const json = { token: mailedToken(email), password: 'another password of somebody' }
    expect((await callIn(rotated, 'POST', '/user/password/reset', { json })).status).toBe(204)
  })

  it('is not sent as an empty link when no secret opens it, nor without PUBLIC_URL: it waits', async () => {
    const { email } = await waiting()
    await runCron(forgotten)
    await env.DB.prepare('UPDATE outbox SET due_at = 0').run()
    await runCron({ ...ENV, PUBLIC_URL: '' } as Env)
    expect(mailsTo(email)).toEqual([])
    expect(await outbox()).toMatchObject([{ recipient: email, attempts: 3 }])
    await env.DB.prepare('UPDATE outbox SET due_at = 0').run()
    await runCron()
    expect(mailedToken(email)).toMatch(/^[\w-]{43}$/)
  })

  it('belongs to its row: moved to another mail it is nothing', async () => {
    const [mine, theirs] = [await waiting(), await waiting()]
    await env.DB.prepare(
      `UPDATE outbox SET sealed_token = (SELECT sealed_token FROM outbox WHERE recipient = ?) WHERE recipient = ?`,
    )
      .bind(theirs.email, mine.email)
      .run()
    await runCron()
    expect(mailsTo(mine.email)).toEqual([])
    expect(mailedToken(theirs.email)).toMatch(/^[\w-]{43}$/)
  })
})

describe('a mail of a kind that no feature has any more', () => {
  const rename = (email: string) =>
    env.DB.prepare(`UPDATE outbox SET kind = 'of_before' WHERE recipient = ?`).bind(email).run()

  it('is logged and put off, in case another version knows it, and keeps no other from going out', async () => {
    const logged = vi.spyOn(console, 'error').mockImplementation(() => {})
    const [mine, theirs] = [await insertUser(), await insertUser()]
    for (const { email } of [mine, theirs])
      await forgotIn(
        withBinding(() => Promise.reject(new Error('down'))),
        email,
      )
    await rename(mine.email)
    await env.DB.prepare('UPDATE outbox SET due_at = 0').run()
    logged.mockClear()
    await runCron()
    expect(mailsTo(mine.email)).toEqual([])
    expect(mailsTo(theirs.email)).toHaveLength(1)
    expect(await outbox()).toMatchObject([{ kind: 'of_before', recipient: mine.email, attempts: 2 }])
    expect(logged.mock.calls.flat().join('\n')).toContain('no feature has a mail of this kind')
  })

  it('is given up with an audit row', async () => {
    const user = await insertUser()
    await forgotIn(
      withBinding(() => Promise.reject(new Error('down'))),
      user.email,
    )
    await rename(user.email)
    await env.DB.prepare(
      'UPDATE outbox SET due_at = 0, created_at = created_at - ?, link_hash = NULL, sealed_token = NULL',
    )
      .bind(DAY + 1)
      .run()
    await runCron()
    expect(await outbox()).toEqual([])
    expect(mailsTo(user.email)).toEqual([])
    expect((await eventsOf(user.id)).at(-1)).toMatch(/^mail_given_up/)
  })
})

describe('the words', () => {
  it('are sent with the name escaped', async () => {
    const { email } = await member()
    await forgotIn({ ...ENV, APP_NAME: `<b>&"` } as Env, email)
    expect(mails.at(-1)!.subject).toBe('<b>&": Set a new password')
    expect(mails.at(-1)!.html).toContain('&lt;b&gt;&amp;&quot;')
    expect(mails.at(-1)!.html).not.toContain('<b>')
  })

  it.each(['A\r\nBcc: attacker@example.com', 'A\nB', 'A\0', 'A\u0085B', 'x'.repeat(65)])(
    'are not sent under the name %j, which the settings refuse',
    async (APP_NAME) => {
      const { email } = await member()
      const answer = await forgotIn({ ...ENV, APP_NAME } as Env, email)
      const problem = await expectProblem(answer, 503, 'not_ready')
      expect(problem.errors).toEqual([{ field: 'APP_NAME', code: 'malformed' }])
      expect(mailsTo(email)).toEqual([])
    },
  )

  it('say nothing that a stranger typed', async () => {
    const { email, token } = await member()
    const canary = 'canary@example.com'
    const before = mails.length
    const headers = { 'User-Agent': '<a href="//canary">', 'Accept-Language': 'canary', 'X-Canary': 'canary' }
    await forgotIn(ENV, email.toUpperCase(), headers)
    const json = { email: canary, password: PASSWORD, name: '<a href="//canary">' }
    await call('POST', '/user/email', { json, ...bearer(token) })
    for (const { to, subject, text, html } of mails.slice(before)) {
      expect([email, canary]).toContain(to)
      expect(subject + text + html).not.toContain('canary')
    }
    expect(mails.length - before).toBe(3)
  })
})
