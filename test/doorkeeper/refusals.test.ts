import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import bcrypt from 'bcryptjs'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import {
  brokenDatabase,
  callWith,
  CALM,
  clock,
  doorkeeperOf,
  expectProblem,
  freshAddress,
  freshDatabase,
  insertUser,
  loginFrom,
  lost,
  nobody,
  now,
  ORIGIN,
  seen,
  stateFor,
  storedFor,
  watchedDatabase,
  watchedDoorkeeper,
  withFailures,
  withinDoorkeeper,
} from '../support.ts'

freshDatabase()

const attempt = (email: string, password = 'wrong') => loginFrom(freshAddress(), { email, password }, CALM)

/** All of an answer that its request does not choose. */
/** Which writes of its storage an object asks for from now on. */
async function storageCallsOf(email: string): Promise<string[]> {
  const calls: string[] = []
  await runInDurableObject(await doorkeeperOf(email), (instance, ctx) => {
    const noted = (target: object, prefix = ''): never =>
      new Proxy(target, {
        get: (_, name: string) => {
          const value: unknown = Reflect.get(target, name)
          if (name === 'kv') return noted(value as object, 'kv.')
          if (typeof value !== 'function') return value
          return (...args: unknown[]) => {
            calls.push(prefix + name)
            return value.apply(target, args) as unknown
          }
        },
      }) as never
    ;(instance as unknown as { ctx: unknown }).ctx = { id: ctx.id, storage: noted(ctx.storage) }
  })
  return calls
}

const alarmOf = async (email: string) =>
  runInDurableObject(await doorkeeperOf(email), (_, { storage }) => storage.getAlarm())

describe('429 too_many_attempts', () => {
  it('is a problem document that no cache keeps and that says when to come again', async () => {
    const { email } = await insertUser()
    await stateFor(email, withFailures(9, now() + 16))
    const answer = await attempt(email)
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'retry-after': '16',
      'cache-control': 'no-store',
      'content-type': 'application/problem+json',
      'x-content-type-options': 'nosniff',
    })
    expect(await expectProblem(answer, 429, 'too_many_attempts')).toEqual({
      type: 'urn:latchkey:problem:too_many_attempts',
      title: 'Too many attempts. Please try again later.',
      status: 429,
      code: 'too_many_attempts',
      request_id: expect.any(String),
    })
  })

  it('comes at the same attempt, with the same bytes, to whoever knows the name and whoever invents one', async () => {
    const users = [await insertUser(), await insertUser({ disabled_at: 1 }), await insertUser({ email_verified: 0 })]
    const broken = await insertUser({ hashed_password: 'broken' })
    const names = [nobody(), ...[...users, broken].map(({ email }) => email)]
    const stories = names.map((): unknown[] => [])
    for (const email of names) await stateFor(email, withFailures(3))
    for (const wait of [0, 0, 0, 1, 0, 1, 1]) {
      clock.forward(wait)
      for (const [i, email] of names.entries()) stories[i]!.push(await seen(await attempt(email)))
    }
    const [nobodys, ...others] = stories
    const statuses = nobodys!.map((one) => (one as { status: number }).status)
    expect(statuses).toEqual([401, 401, 429, 401, 429, 429, 401])
    for (const story of others) expect(story).toEqual(nobodys)
  })

  it('does not tell a right password from a wrong one', async () => {
    const { email } = await insertUser()
    await stateFor(email, withFailures(12, now() + 100))
    const right = await seen(await loginFrom(freshAddress(), { email }, CALM))
    expect(right).toMatchObject({ status: 429 })
    expect(await seen(await attempt(email))).toEqual(right)
  })

  it('names the very second at which the next attempt is heard', async () => {
    const { email } = await insertUser()
    for (const failures of [7, 14, 60]) {
      await stateFor(email, withFailures(failures))
      await expectProblem(await attempt(email), 401, 'invalid_credentials')
      const seconds = Number((await attempt(email)).headers.get('Retry-After'))
      expect(seconds).toBe(Math.min(2 ** (failures - 4), 900))
      clock.forward(seconds - 2)
      const early = await attempt(email)
      expect(early.headers.get('Retry-After')).toBe('2')
      await expectProblem(early, 429, 'too_many_attempts')
      clock.forward(2)
      await expectProblem(await attempt(email), 401, 'invalid_credentials')
    }
  })

  it('names one second where one is due, though the clock was set back by an hour', async () => {
    const { email } = await insertUser()
    clock.forward(3_600)
    for (let i = 0; i < 5; i++) await attempt(email)
    clock.forward(-3_600)
    expect((await attempt(email)).headers.get('Retry-After')).toBe('1')
    clock.forward(1)
    expect((await loginFrom(freshAddress(), { email }, CALM)).status).toBe(200)
  })

  it('comes to everybody, whatever they try with, after sixty attempts in an hour', async () => {
    const { email } = await insertUser()
    const device = await loginFrom(freshAddress(), { email }, CALM)
    const { device_token } = await device.json<{ device_token: string }>()
    const begun = now() - 600
    await stateFor(email, (state) => ({ ...state, hour: { started_at: begun, attempts: 60 } }))
    for (const json of [{}, { device_token }]) {
      const answer = await loginFrom(freshAddress(), { email, ...json }, CALM)
      expect(answer.headers.get('Retry-After')).toBe('3000')
      await expectProblem(answer, 429, 'too_many_attempts')
    }
    clock.forward(3_000)
    expect((await loginFrom(freshAddress(), { email, device_token }, CALM)).status).toBe(200)
  })
})

describe('a name that nobody has', () => {
  it('makes the same calls in the same order, from its first attempt on', async () => {
    const compare = vi.spyOn(bcrypt, 'compare')
    onTestFinished(() => compare.mockRestore())
    const { email } = await insertUser()
    const work = []
    for (const name of [email, nobody()]) {
      const [worker, object] = [watchedDatabase(), watchedDatabase()]
      await withinDoorkeeper(name, { DB: object.DB })
      const stored = await storageCallsOf(name)
      compare.mockClear()
      const { own, names } = watchedDoorkeeper({ ...CALM, DB: worker.DB })
      const calls = []
      for (let i = 0; i < 2; i++) {
        const answer = await loginFrom(freshAddress(), { email: name, password: 'wrong' }, own)
        expect(answer.status).toBe(401)
        calls.push([...stored.splice(0), object.texts.splice(0), worker.texts.splice(0), names.splice(0).length])
      }
      expect(calls[0]).toEqual(['kv.put', 'setAlarm', [expect.any(String)], [expect.any(String)], 1])
      work.push({
        calls,
        costs: compare.mock.calls.map(([, hash]) => hash.slice(0, 7)),
        state: { ...(await stateFor(name)), owner: 'either' },
      })
    }
    expect(work[1]).toEqual(work[0])
    expect(work[0]!.costs).toEqual(['$2b$10$', '$2b$10$'])
  })

  it('is forgotten by an alarm, a day after the last attempt that was heard', async () => {
    const email = nobody()
    await stateFor(email, withFailures(5))
    await expectProblem(await attempt(email), 401, 'invalid_credentials')
    expect(await alarmOf(email)).toBe(Date.now() + 86_400_000)
    await expectProblem(await attempt(email), 429, 'too_many_attempts')
    expect(await storedFor(email)).toHaveLength(1)
    clock.forward(86_400)
    expect(await runDurableObjectAlarm(await doorkeeperOf(email))).toBe(true)
    expect(await storedFor(email)).toEqual([])
    expect(await alarmOf(email)).toBeNull()
    await expectProblem(await attempt(email), 401, 'invalid_credentials')
    expect((await stateFor(email)).buckets.stranger?.failures).toBe(1)
  })

  it('is remembered as soon as somebody has it, with what was counted before', async () => {
    const email = nobody()
    await stateFor(email, withFailures(2))
    await attempt(email)
    await insertUser({ email })
    await attempt(email)
    expect(await runDurableObjectAlarm(await doorkeeperOf(email))).toBe(true)
    expect((await stateFor(email)).buckets.stranger?.failures).toBe(4)
  })
})

describe('a name that somebody has', () => {
  it('keeps what was counted: the alarm finds its owner, and looks again in thirty days', async () => {
    const { email } = await insertUser()
    await stateFor(email, withFailures(5))
    await attempt(email)
    const headers = { 'Content-Type': 'application/json', 'CF-Connecting-IP': freshAddress() }
    const init = { method: 'POST', headers, body: JSON.stringify({ email }) }
    expect((await callWith(CALM, `${ORIGIN}/user/password/forgot`, init)).status).toBe(202)
    const before = await storedFor(email)
    for (let i = 0; i < 2; i++) {
      expect(await runDurableObjectAlarm(await doorkeeperOf(email))).toBe(true)
      expect(await alarmOf(email)).toBe(Date.now() + 30 * 86_400_000)
      expect(await storedFor(email)).toEqual(before)
    }
    await expectProblem(await attempt(email), 429, 'too_many_attempts')
  })

  it('keeps it where the database is silent when the alarm runs, which comes again a day later', async () => {
    const { email } = await insertUser()
    await attempt(email)
    const before = await storedFor(email)
    await withinDoorkeeper(email, { DB: brokenDatabase(lost) })
    expect(await runDurableObjectAlarm(await doorkeeperOf(email))).toBe(true)
    expect(await alarmOf(email)).toBe(Date.now() + 86_400_000)
    expect(await storedFor(email)).toEqual(before)
    await evictDurableObject(await doorkeeperOf(email))
  })
})
