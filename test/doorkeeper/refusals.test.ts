import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import bcrypt from 'bcryptjs'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import {
  callWith,
  CALM,
  doorkeeperOf,
  expectProblem,
  freshAddress,
  freshDatabase,
  insertUser,
  loginFrom,
  nobody,
  now,
  ORIGIN,
  stateFor,
  stopClock,
  storedFor,
  watchedDatabase,
  withFailures,
  withinDoorkeeper,
} from '../support.ts'

freshDatabase()

const attempt = (email: string, password = 'wrong') => loginFrom(freshAddress(), { email, password }, CALM)

/** All of an answer that its request does not choose. */
async function contentOf(answer: Response): Promise<unknown> {
  const headers = [...answer.headers].filter(([name]) => name !== 'x-request-id')
  return { status: answer.status, headers, text: (await answer.text()).replace(/"request_id":"[^"]+"/, '') }
}

const alarmOf = async (email: string) =>
  runInDurableObject(await doorkeeperOf(email), (_, { storage }) => storage.getAlarm())

describe('429 too_many_attempts', () => {
  it('is a problem document that no cache keeps and that says when to come again', async () => {
    stopClock()
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
    const clock = stopClock()
    const users = [await insertUser(), await insertUser({ disabled_at: 1 }), await insertUser({ email_verified: 0 })]
    const broken = await insertUser({ hashed_password: 'broken' })
    const names = [nobody(), ...[...users, broken].map(({ email }) => email)]
    const stories = names.map((): unknown[] => [])
    for (const email of names) await stateFor(email, withFailures(3))
    for (const wait of [0, 0, 0, 1, 0, 1, 1]) {
      clock.forward(wait)
      for (const [i, email] of names.entries()) stories[i]!.push(await contentOf(await attempt(email)))
    }
    const [nobodys, ...others] = stories
    const statuses = nobodys!.map((one) => (one as { status: number }).status)
    expect(statuses).toEqual([401, 401, 429, 401, 429, 429, 401])
    for (const story of others) expect(story).toEqual(nobodys)
  })

  it('does not tell a right password from a wrong one', async () => {
    stopClock()
    const { email } = await insertUser()
    await stateFor(email, withFailures(12, now() + 100))
    const right = await contentOf(await loginFrom(freshAddress(), { email }, CALM))
    expect(right).toMatchObject({ status: 429 })
    expect(await contentOf(await attempt(email))).toEqual(right)
  })

  it('names the very second at which the next attempt is heard', async () => {
    const clock = stopClock()
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

  it('comes to everybody, whatever they try with, after sixty attempts in an hour', async () => {
    const clock = stopClock()
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
  it('makes the same reads and the same work', async () => {
    stopClock()
    const compare = vi.spyOn(bcrypt, 'compare')
    onTestFinished(() => compare.mockRestore())
    const { email } = await insertUser()
    const work = []
    for (const name of [email, nobody()]) {
      const [worker, object] = [watchedDatabase(), watchedDatabase()]
      await withinDoorkeeper(name, { DB: object.DB })
      compare.mockClear()
      const answer = await loginFrom(freshAddress(), { email: name, password: 'wrong' }, { ...CALM, DB: worker.DB })
      expect(answer.status).toBe(401)
      expect(object.texts).toHaveLength(1)
      work.push({
        worker: worker.texts,
        object: object.texts,
        costs: compare.mock.calls.map(([, hash]) => hash.slice(0, 7)),
        state: { ...(await stateFor(name)), exists: 'either' },
      })
    }
    expect(work[1]).toEqual(work[0])
    expect(work[0]!.costs).toEqual(['$2b$10$'])
  })

  it('is forgotten by an alarm, a day after the last attempt that was heard', async () => {
    const clock = stopClock()
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
    stopClock()
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
  it('is never forgotten: no alarm is set, and one that runs all the same leaves everything', async () => {
    stopClock()
    const { email } = await insertUser()
    await stateFor(email, withFailures(5))
    await attempt(email)
    expect(await alarmOf(email)).toBeNull()
    const headers = { 'Content-Type': 'application/json', 'CF-Connecting-IP': freshAddress() }
    const init = { method: 'POST', headers, body: JSON.stringify({ email }) }
    expect((await callWith(CALM, `${ORIGIN}/user/password/forgot`, init)).status).toBe(202)
    const before = await storedFor(email)
    expect(await runDurableObjectAlarm(await doorkeeperOf(email))).toBe(true)
    expect(await storedFor(email)).toEqual(before)
    await expectProblem(await attempt(email), 429, 'too_many_attempts')
  })
})
