import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { appOf, features } from '../../src/app.ts'
import { config } from '../../src/config.ts'
import { newTicket, writeTicket } from '../../src/core/ticket.ts'
import { findUser } from '../../src/core/users/users.ts'
import { sql } from '../../src/lib/sql.ts'
import { now } from '../../src/lib/time.ts'
import type { Problem } from '../../src/problem.ts'
import { guess, introduce, passwordReplaced } from '../../src/doorkeeper/rpc.ts'
import { isEnough, waysLeft } from '../../src/core/users/ways.ts'
import { password } from '../../src/features/password/method.ts'
import { finish } from '../../src/signing-in/finish.ts'
import { combine, prove } from '../../src/signing-in/prove.ts'
import {
  callBy,
  claimsOf,
  clock,
  ENV,
  eventsOf,
  freshDatabase,
  member,
  nobody,
  PASSWORD,
  runCron,
  stateFor,
} from '../support.ts'
import { answerTo, riddle, riddles } from './riddle.ts'

freshDatabase()

const { app } = appOf([...features, riddles])

/** As its migration would: with the trigger that makes void what was shown before. */
beforeAll(() =>
  env.DB.batch([
    env.DB.prepare(
      'CREATE TABLE riddles (user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE, secret TEXT NOT NULL) STRICT',
    ),
    env.DB.prepare(`CREATE TRIGGER riddles_added AFTER INSERT ON riddles
      BEGIN UPDATE users SET epoch = epoch + 1, second_factor = 1 WHERE id = NEW.user_id; END`),
  ]),
)

type Answer = { status: number; body: Record<string, unknown> }

async function post(path: string, json: object, own: Env = ENV): Promise<Answer> {
  const context = createExecutionContext()
  const init = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(json) }
  const answer = await app.fetch(new Request(`http://latchkey.test${path}`, init), own, context)
  await waitOnExecutionContext(context)
  return { status: answer.status, body: await answer.json() }
}

async function guarded() {
  const user = await member()
  await env.DB.prepare('INSERT INTO riddles (user_id, secret) VALUES (?, ?)').bind(user.id, 'blue').run()
  return user
}

const passwordOf = (email: string, more = {}, own: Env = ENV) =>
  post('/user/login', { email, password: PASSWORD, ...more }, own)
const questionFor = (ticket?: unknown) => post('/user/login/riddle/question', { ticket })
const solve = ({ body }: Answer, secret = 'blue') =>
  post('/user/login/riddle', { ticket: body.ticket, answer: answerTo(secret, body.question as string) })

const sessionsOf = async (user_id: number) =>
  (await env.DB.prepare('SELECT id, methods FROM sessions WHERE user_id = ?').bind(user_id).all()).results
const spentCount = async () => (await env.DB.prepare('SELECT count(*) AS n FROM spent').first<{ n: number }>())!.n

describe('a method that nothing in src knows', () => {
  it('changes nothing for an account that has none of it', async () => {
    const user = await member()
    const before = await spentCount()
    expect((await passwordOf(user.email)).status).toBe(200)
    expect(await spentCount()).toBe(before)
  })

  it('is asked for after the password, and signs in as the second factor', async () => {
    const user = await guarded()
    const first = await passwordOf(user.email)
    expect(first).toEqual({
      status: 403,
      body: {
        type: 'urn:latchkey:problem:second_factor_required',
        title: expect.any(String),
        status: 403,
        code: 'second_factor_required',
        request_id: expect.any(String),
        ticket: expect.stringMatching(/^lkt_[\w-]+$/),
        methods: ['riddle'],
        expires_in: 600,
      },
    })
    expect(await sessionsOf(user.id)).toHaveLength(1) // the one of before
    expect((await stateFor(user.email)).devices).toEqual([])
    const second = await solve(await questionFor(first.body.ticket))
    expect(second.status).toBe(200)
    expect(second.body).toMatchObject({ token_type: 'Bearer', device_token: expect.stringMatching(/^lkd_/) })
    const { sid } = claimsOf(second.body.access_token as string)
    expect(await sessionsOf(user.id)).toContainEqual({ id: sid, methods: '["password","riddle"]' })
    expect((await stateFor(user.email)).devices).toHaveLength(1)
    expect((await eventsOf(user.id)).filter((event) => event === 'login_succeeded')).toHaveLength(2) // member's own, too
  })

  it('compares no password of another account', async () => {
    const [user, victim] = [await guarded(), await member()]
    const { ticket } = (await passwordOf(user.email)).body
    const before = await eventsOf(victim.id)
    for (const json of [{ email: victim.email }, { email: victim.email, password: 'wrong' }, { email: nobody() }]) {
      const { status, body } = await post('/user/login', { password: PASSWORD, ticket, ...json })
      expect([status, body.code]).toEqual([401, 'invalid_ticket'])
    }
    expect((await stateFor(victim.email)).buckets).toEqual({})
    expect(await eventsOf(victim.id)).toEqual(before)
  })

  it('takes the password of the same account, however its address is written', async () => {
    const user = await guarded()
    const { epoch } = (await findUser(env.DB, sql`id = ${user.id}`))!
    const ticket = await writeTicket(
      callBy(),
      'login',
      newTicket(callBy(), { user: { id: user.id, epoch }, methods: ['riddle'] }),
    )
    expect((await passwordOf(user.email.toUpperCase(), { ticket })).status).toBe(200)
  })

  it('lets one of fifty answers win, and the others write and burn nothing', async () => {
    const user = await guarded()
    const { body } = await passwordOf(user.email)
    const question = await questionFor(body.ticket)
    const before = await spentCount()
    const answers = await Promise.all(Array.from({ length: 50 }, () => solve(question)))
    const count = (status: number) => answers.filter((answer) => answer.status === status).length
    expect(count(200)).toBe(1)
    for (const { status, body } of answers) {
      if (status !== 200) expect(['invalid_ticket', 'too_many_attempts']).toContain(body.code)
    }
    expect(await sessionsOf(user.id)).toHaveLength(2)
    expect(await spentCount()).toBe(before + 2) // the question, and the sign-in that it belongs to
  })

  it('is claimed before anything is written: of fifty right answers one wins, and a loser claims nothing of its own', async () => {
    const user = await guarded()
    const call = callBy()
    const proven = (await findUser(env.DB, sql`id = ${user.id}`, [riddle]))!
    const until = now() + 600
    const ends = Array.from({ length: 50 }, (_, i) =>
      finish(call, {
        ...prove(call, { user: proven, methods: ['password', 'riddle'] }),
        spends: [
          { id: `own ${user.id} ${i}`, until },
          { id: `shared ${user.id}`, until },
        ],
      }),
    )
    const outcomes = await Promise.allSettled(ends)
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    const reasons = outcomes.flatMap((outcome) =>
      outcome.status === 'rejected' ? [(outcome.reason as Problem).code] : [],
    )
    expect(new Set(reasons)).toEqual(new Set(['invalid_ticket']))
    expect(await sessionsOf(user.id)).toHaveLength(2)
    const claimed = env.DB.prepare('SELECT count(*) AS n FROM spent WHERE id LIKE ?').bind(`% ${user.id}%`)
    expect(await claimed.first()).toEqual({ n: 2 })
  })

  it('lets one session come of a sign-in, however many questions it was asked', async () => {
    const user = await guarded()
    const { body } = await passwordOf(user.email)
    const questions = await Promise.all(Array.from({ length: 4 }, () => questionFor(body.ticket)))
    const answers = []
    for (const question of questions) answers.push((await solve(question)).status)
    expect(answers).toEqual([200, 401, 401, 401])
  })

  it('spends a question with a wrong answer, and not the sign-in', async () => {
    const user = await guarded()
    const { body } = await passwordOf(user.email)
    const question = await questionFor(body.ticket)
    expect(await solve(question, 'red')).toMatchObject({ status: 401, body: { code: 'invalid_credentials' } })
    expect(await solve(question)).toMatchObject({ status: 401, body: { code: 'invalid_ticket' } })
    expect((await solve(await questionFor(body.ticket))).status).toBe(200)
  })

  it('is counted by the doorkeeper under its own name, and a right password does not open it', async () => {
    const user = await guarded()
    const { body } = await passwordOf(user.email)
    for (let i = 0; i < 5; i++) await solve(await questionFor(body.ticket), 'red')
    const sixth = await solve(await questionFor((await passwordOf(user.email)).body.ticket))
    expect(sixth).toMatchObject({ status: 429, body: { code: 'too_many_attempts' } })
    expect((await stateFor(user.email)).buckets).toEqual({
      'riddle: stranger': expect.objectContaining({ failures: 5 }),
    })
  })

  it('is void once the account has changed, or the ten minutes are over', async () => {
    const [changed, late] = [await guarded(), await guarded()]
    const first = await questionFor((await passwordOf(changed.email)).body.ticket)
    await env.DB.prepare('UPDATE users SET epoch = epoch + 1 WHERE id = ?').bind(changed.id).run()
    expect(await solve(first)).toMatchObject({ status: 401, body: { code: 'invalid_ticket' } })
    const { ticket } = (await passwordOf(late.email)).body
    clock.forward(300)
    const second = await questionFor(ticket) // a later step prolongs nothing
    expect(second.body.expires_in).toBe(300)
    clock.forward(300)
    expect(await solve(second)).toMatchObject({ status: 401, body: { code: 'invalid_ticket' } })
  })

  it('shows nothing alone: a question without a sign-in leads to none', async () => {
    await guarded()
    expect(await solve(await questionFor())).toMatchObject({ status: 401, body: { code: 'invalid_ticket' } })
  })

  it('takes no ticket of another kind, of another service, or with a bit changed', async () => {
    const user = await guarded()
    const { ticket } = (await passwordOf(user.email)).body as { ticket: string }
    const question = await questionFor(ticket)
    const elsewhere = { ...ENV, LATCHKEY_SECRET: 'only-for-tests: the secret of another service altogether' }
    const foreign = (await passwordOf(user.email, {}, elsewhere)).body.ticket
    const at = 40
    const bent = ticket.slice(0, at) + (ticket[at] === 'A' ? 'B' : 'A') + ticket.slice(at + 1)
    for (const wrong of [
      question.body.ticket,
      foreign,
      bent,
      '',
      'lkt_',
      'x'.repeat(5_000),
      user.token,
      user.refresh_token,
    ]) {
      expect(await questionFor(wrong)).toMatchObject({ status: 401, body: { code: 'invalid_ticket' } })
    }
    const answer = answerTo('blue', question.body.question as string)
    expect((await post('/user/login/riddle', { ticket, answer })).status).toBe(401) // of the step before
  })

  it('needs LATCHKEY_SECRET: no ticket can be forged by whoever shares the key of the tokens', async () => {
    const user = await guarded()
    const own = { ...ENV, LATCHKEY_SECRET: '' }
    expect(config(own).LATCHKEY_SECRET).toBeUndefined()
    const answer = await passwordOf(user.email, {}, own)
    expect(answer).toMatchObject({ status: 503, body: { code: 'not_ready' } })
    expect(await sessionsOf(user.id)).toHaveLength(1)
  })

  it('leaves nothing behind when its time is over', async () => {
    await env.DB.prepare("INSERT INTO spent (id, by, until) VALUES ('old', 'x', ?), ('new', 'x', ?)")
      .bind(now() - 300, now() - 299)
      .run()
    await runCron()
    const { results } = await env.DB.prepare("SELECT id FROM spent WHERE id IN ('old', 'new')").all()
    expect(results).toEqual([{ id: 'new' }])
  })

  it('is asked for by a sign-in that was under way when the account got it', async () => {
    const user = await member()
    const enrolling = new Proxy(env.DB, {
      get: (db, name) => {
        if (name !== 'batch') return (Reflect.get(db, name) as () => unknown).bind(db)
        return async (statements: D1PreparedStatement[]) => {
          await db.prepare('INSERT INTO riddles (user_id, secret) VALUES (?, ?)').bind(user.id, 'blue').run()
          return db.batch(statements)
        }
      },
    })
    const answer = await passwordOf(user.email, {}, { ...ENV, DB: enrolling })
    expect(answer).toMatchObject({ status: 401, body: { code: 'invalid_credentials' } })
    expect(await sessionsOf(user.id)).toHaveLength(1)
  })

  it('lets nobody guess with a ticket that leads nowhere', async () => {
    const [done, changed] = [await guarded(), await guarded()]
    const first = await passwordOf(done.email)
    const questions = [await questionFor(first.body.ticket), await questionFor(first.body.ticket)]
    expect((await solve(questions[0]!)).status).toBe(200)
    const late = await questionFor((await passwordOf(changed.email)).body.ticket)
    await env.DB.prepare('UPDATE users SET epoch = epoch + 1 WHERE id = ?').bind(changed.id).run()
    for (const [user, question] of [
      [done, questions[1]!],
      [changed, late],
    ] as const) {
      const before = await stateFor(user.email)
      for (const secret of ['red', 'blue']) {
        expect(await solve(question, secret)).toMatchObject({ status: 401, body: { code: 'invalid_ticket' } })
      }
      expect((await stateFor(user.email)).hour).toEqual(before.hour)
    }
  })

  it('stays counted when the password is new: the mailbox opens no second factor', async () => {
    const user = await guarded()
    const { ticket } = (await passwordOf(user.email)).body
    for (let i = 0; i < 5; i++) await solve(await questionFor(ticket), 'red')
    await post('/user/login', { email: user.email, password: 'wrong' })
    await passwordReplaced(callBy({ own: ENV }), user.email)
    const { buckets, hour, devices } = await stateFor(user.email)
    expect(buckets).toEqual({ 'riddle: stranger': expect.objectContaining({ failures: 5 }) })
    expect([hour.attempts, devices]).toEqual([6, []])
  })

  it('makes no device known of a sign-in that was void before it ended', async () => {
    const user = await guarded()
    const call = callBy()
    const before = (await findUser(env.DB, sql`id = ${user.id}`, [riddle]))!
    await env.DB.prepare('UPDATE users SET epoch = epoch + 1 WHERE id = ?').bind(user.id).run()
    expect(await introduce(call, { user: before })).toBeUndefined()
    expect((await stateFor(user.email)).devices).toEqual([])
  })

  it('asks for the password where what one has was shown first', () => {
    const ways = [password, riddle]
    const asking = (riddles: number) => ({ has: { password: 1, riddle: riddles }, second_factor: true })
    expect(waysLeft(['riddle'], asking(1), ways)).toEqual(['password'])
    expect(waysLeft(['password'], asking(1), ways)).toEqual(['riddle'])
    expect(isEnough(['riddle'], asking(1), ways)).toBe(false)
    expect(isEnough(['password'], asking(1), ways)).toBe(false)
    expect(isEnough(['password', 'riddle'], asking(1), ways)).toBe(true)
    expect(isEnough(['password'], asking(0), ways)).toBe(true)
  })

  it('goes together with a proof of the same user, in the same epoch, by another method, and with no other', async () => {
    const [ann, bob] = [await guarded(), await guarded()]
    const call = callBy()
    const of = async ({ id }: { id: number }) => (await findUser(env.DB, sql`id = ${id}`, [riddle]))!
    const shown = prove(call, { user: await of(ann), methods: ['password'] })
    for (const user of [await of(bob), { ...(await of(ann)), epoch: 99 }]) {
      expect(() => combine(shown, prove(call, { user, methods: ['riddle'] }))).toThrow('invalid_ticket')
    }
    expect(() => combine(shown, shown)).toThrow('invalid_ticket')
  })

  it('is not counted where it was never compared', async () => {
    const user = await guarded()
    const failing = guess(callBy({ own: ENV }), { method: 'riddle', email: user.email }, () =>
      Promise.reject(new Error('D1 is away')),
    )
    await expect(failing).rejects.toThrow('D1 is away')
    expect((await stateFor(user.email)).hour.attempts).toBe(0)
  })

  it('holds to the end: a proof that is void when it is claimed claims nothing', async () => {
    const user = await guarded()
    const call = callBy()
    const proven = (await findUser(env.DB, sql`id = ${user.id}`, [riddle]))!
    const id = `void ${user.id}`
    const proof = prove(call, { user: proven, methods: ['password', 'riddle'], spends: [{ id, until: now() + 600 }] })
    await env.DB.prepare('UPDATE users SET disabled_at = 1 WHERE id = ?').bind(user.id).run()
    await expect(finish(call, proof)).rejects.toThrow('invalid_ticket')
    expect(await env.DB.prepare('SELECT 1 FROM spent WHERE id = ?').bind(id).first()).toBeNull()
  })
})
