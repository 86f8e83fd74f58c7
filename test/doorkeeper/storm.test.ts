import { abortAllDurableObjects, evictDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import bcrypt from 'bcryptjs'
import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from 'vitest'
import type { Problem } from '../../src/problem.ts'
import { guess as guessWith, unlock } from '../../src/doorkeeper/rpc.ts'
import { authenticate } from '../../src/features/password/authenticate.ts'
import type { Attempt } from '../../src/doorkeeper/guess.ts'
import {
  bearer,
  callBy,
  callFrom,
  callIn,
  CALM,
  clock,
  doorkeeperOf,
  expectProblem,
  fresh24,
  freshAddress,
  freshDatabase,
  insertUser,
  limiter,
  loginFrom,
  mailedToken,
  mails,
  MANY,
  nobody,
  now,
  PASSWORD,
  sessionFor,
  stateFor,
  times,
  watchedDatabase,
  withFailures,
  withinDoorkeeper,
} from '../support.ts'

freshDatabase()

let compare: MockInstance<(password: string, hash: string) => Promise<boolean>>
beforeEach(() => {
  compare = vi.spyOn(bcrypt, 'compare') as typeof compare
})
afterEach(() => compare.mockRestore())

/** How many passwords that look like this were compared. */
const compared = (form: RegExp): number => compare.mock.calls.filter(([password]) => form.test(password)).length

/** A guess as the doorkeeper meets it: past the limit that each network has, in a location that is never too busy. */
const PAST: Env = { ...CALM, PREFILTER: limiter(true), PREFILTER_REFRESH: limiter(true) }
const guess = (email: string, password: string, ip: string, own = PAST): Promise<string> =>
  authenticate(callBy({ own, ip }), { email, password }).then(
    () => 'found',
    (problem: Problem) => problem.code,
  )

/** One of as many networks as there are numbers; none that `fresh24` gives. */
const networkOf = (n: number): string => `172.${16 + (n >> 8)}.${n & 255}.${1 + (n % 7)}`

function tally(outcomes: string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const outcome of outcomes) counts[outcome] = (counts[outcome] ?? 0) + 1
  return counts
}

const post = (path: string, json: unknown) => callFrom(freshAddress(), CALM, 'POST', path, json)

/** Signs in from an address and gives the device token. */
async function deviceTokenOf(email: string, ip = freshAddress()): Promise<string> {
  const answer = await loginFrom(ip, { email }, CALM)
  expect(answer.status).toBe(200)
  return (await answer.json<{ device_token: string }>()).device_token
}

/** In an hour, and those of them that arrive at once. */
const GUESSES = times(10_000, 2_000)
const WAVE = 25

describe('a storm of guesses', () => {
  it(
    'of thousands from 1,000 networks in an hour finds nothing, costs 17 hashes and locks nobody out',
    MANY,
    async () => {
      const { email } = await insertUser()
      const home = fresh24()
      const device_token = await deviceTokenOf(email, `${home}.1`)
      compare.mockClear()
      const [worker, object] = [watchedDatabase(), watchedDatabase()]
      await withinDoorkeeper(email, { DB: object.DB })

      const outcomes: string[] = []
      for (let i = 0; i < GUESSES; i += WAVE) {
        const wave = Array.from({ length: WAVE }, (_, j) => {
          const password = i + j === 0.9 * GUESSES ? PASSWORD : `guess ${i + j}`
          return guess(email, password, networkOf((i + j) % 1_000), { ...PAST, DB: worker.DB })
        })
        outcomes.push(...(await Promise.all(wave)))
        if (i === 0.3 * GUESSES) {
          expect((await loginFrom(freshAddress(), { email, device_token }, CALM)).status).toBe(200)
        }
        if (i === 0.6 * GUESSES) expect((await loginFrom(`${home}.200`, { email }, CALM)).status).toBe(200)
        clock.forward((3_600 * WAVE) / GUESSES)
      }

      const { invalid_credentials: evaluated, ...others } = tally(outcomes)
      expect(others).toEqual({ too_many_attempts: GUESSES - evaluated! })
      expect(outcomes[0.9 * GUESSES]).toBe('too_many_attempts')
      expect(evaluated).toBe(17)
      expect(compared(/^guess/)).toBe(evaluated)
      expect(object.texts).toHaveLength(evaluated! + 2) // each reads the user; so did the owner, twice
      expect(worker.texts).toHaveLength(evaluated!) // one row of the audit trail each
      expect(object.texts.length + worker.texts.length).toBeLessThan(50)

      const elsewhere = await loginFrom(freshAddress(), { email }, CALM)
      await expectProblem(elsewhere, 429, 'too_many_attempts')
      expect((await post('/user/password/forgot', { email })).status).toBe(202)
      const password = 'another password of mine'
      expect((await post('/user/password/reset', { token: mailedToken(email), password })).status).toBe(204)
      expect((await loginFrom(freshAddress(), { email, password }, CALM)).status).toBe(200)
      expect(mails.filter(({ to }) => to === email).length).toBeGreaterThan(0)
    },
  )

  it('with every method, by one who knows the password, keeps no known device or network out', async () => {
    const { email } = await insertUser()
    const home = fresh24()
    const device_token = await deviceTokenOf(email, `${home}.1`)
    let wrong = 0
    const guessCode = (method: string) =>
      guessWith(callBy({ own: PAST, ip: freshAddress() }), { method, email }, () => {
        wrong++
        return Promise.resolve(false)
      }).catch((problem: Problem) => expect(problem.code).toBe('too_many_attempts'))
    for (const pause of [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128]) {
      clock.forward(pause)
      if ((await guess(email, 'wrong', freshAddress())) === 'invalid_credentials') wrong++
      await Promise.all(['totp', 'recovery', 'passkey', 'code'].map(guessCode))
    }
    expect(wrong).toBe(30)
    for (const method of ['totp', 'recovery', 'passkey', 'code']) {
      const known = { method, email, device_token }
      expect(await guessWith(callBy({ own: PAST, ip: freshAddress() }), known, () => Promise.resolve(true))).toBe(true)
    }
    expect((await loginFrom(freshAddress(), { email, device_token }, CALM)).status).toBe(200)
    expect((await loginFrom(`${home}.200`, { email }, CALM)).status).toBe(200)
    await expectProblem(await loginFrom(freshAddress(), { email }, CALM), 429, 'too_many_attempts')
  })

  it('of 200 at once has five compared', async () => {
    const { email } = await insertUser()
    const guesses = Array.from({ length: 200 }, (_, i) => guess(email, `guess ${i}`, `10.1.${i}.1`))
    expect(tally(await Promise.all(guesses))).toEqual({ invalid_credentials: 5, too_many_attempts: 195 })
    expect(compared(/./)).toBe(5)
    expect((await stateFor(email)).buckets).toEqual({ stranger: expect.objectContaining({ failures: 5 }) })
  })

  it('of 200 at once has five compared for a name that nobody has', async () => {
    const email = nobody()
    const guesses = Array.from({ length: 200 }, (_, i) => guess(email, `guess ${i}`, `10.2.${i}.1`))
    expect(tally(await Promise.all(guesses))).toEqual({ invalid_credentials: 5, too_many_attempts: 195 })
    expect(compared(/./)).toBe(5)
  })

  it('of 200 at once finds a right password among the first five, and none that comes later', async () => {
    const [early, late] = [await insertUser(), await insertUser()]
    const among = (email: string, place: number) =>
      Promise.all(
        Array.from({ length: 200 }, (_, i) => guess(email, i === place ? PASSWORD : `guess ${i}`, `10.3.${i}.1`)),
      )
    const first = await among(early.email, 2)
    expect(first[2]).toBe('found')
    expect(tally(first)).toEqual({ found: 1, invalid_credentials: 4, too_many_attempts: 195 })
    const second = await among(late.email, 5)
    expect(tally(second)).toEqual({ invalid_credentials: 5, too_many_attempts: 195 })
    expect(compared(/./)).toBe(10)
  })

  it('does not spend what a device or a network has, nor they what strangers have', async () => {
    const { email } = await insertUser()
    const home = fresh24()
    const device_token = await deviceTokenOf(email, `${home}.1`)
    const attempts = (from: () => string, json = {}) =>
      Promise.all(Array.from({ length: 6 }, () => loginFrom(from(), { email, password: 'x', ...json }, CALM)))
    const codes = async (answers: Promise<Response[]>) => (await answers).map(({ status }) => status)
    const six = [401, 401, 401, 401, 401, 429]
    expect(await codes(attempts(freshAddress, { device_token }))).toEqual(six)
    const spent = (await stateFor(email)).buckets
    expect(Object.keys(spent)).toEqual([expect.stringMatching(/^device /)])
    expect(await codes(attempts(() => `${home}.77`))).toEqual(six)
    expect(await codes(attempts(freshAddress))).toEqual(six)
    const { buckets } = await stateFor(email)
    expect(Object.entries(buckets).map(([name, bucket]) => [name.split(' ')[0], bucket?.failures])).toEqual([
      ['device', 5],
      ['network', 5],
      ['stranger', 5],
    ])
    expect(buckets).toMatchObject(spent)
  })

  it('stays counted when one in it knows the password: a success of a device opens nothing else', async () => {
    const { email } = await insertUser()
    const device_token = await deviceTokenOf(email)
    await stateFor(email, (state) => ({ ...state, ...withFailures(40, now() + 900)(state) }))
    expect((await loginFrom(freshAddress(), { email, device_token }, CALM)).status).toBe(200)
    expect((await stateFor(email)).buckets).toEqual({ stranger: expect.objectContaining({ failures: 40 }) })
    await expectProblem(await loginFrom(freshAddress(), { email }, CALM), 429, 'too_many_attempts')
  })
})

describe('what was counted', () => {
  it('is still counted when the object has left the memory, or was killed', async () => {
    const { email } = await insertUser()
    await Promise.all(Array.from({ length: 5 }, (_, i) => guess(email, `guess ${i}`, '10.4.0.1')))
    await evictDurableObject(await doorkeeperOf(email))
    expect(await guess(email, PASSWORD, '10.4.1.1')).toBe('too_many_attempts')
    await abortAllDurableObjects()
    expect(await guess(email, PASSWORD, '10.4.2.1')).toBe('too_many_attempts')
    expect(compared(/./)).toBe(5)
  })

  it('stays blocked after a hundred failures, however long it waits, until an operator unlocks it', async () => {
    const { email } = await insertUser()
    await stateFor(email, withFailures(99))
    expect(await guess(email, 'the hundredth', '10.5.0.1')).toBe('invalid_credentials')
    for (let day = 0; day < 30; day++) {
      clock.forward(86_400)
      expect(await guess(email, PASSWORD, '10.5.0.1')).toBe('too_many_attempts')
    }
    await unlock(callBy({ own: CALM }), email)
    expect((await stateFor(email)).buckets).toEqual({})
    expect(await guess(email, PASSWORD, '10.5.0.1')).toBe('found')
  })

  it('is nothing after a right password: four failures never add up', async () => {
    const { email } = await insertUser()
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 4; i++) {
        expect(await guess(email, 'mistyped', `10.6.${round}.1`)).toBe('invalid_credentials')
      }
      expect(await guess(email, PASSWORD, `10.6.${round}.1`)).toBe('found')
    }
  })

  it('is one attempt, whose caller asks again by its id', async () => {
    const { email } = await insertUser()
    const stub = await doorkeeperOf(email)
    const { origin } = callBy({ ip: '10.7.0.1' })
    const attempt: Attempt = { id: 'once', who: { email }, password: 'wrong', origin, ways: [] }
    const verdicts = await Promise.all([stub.check(attempt), stub.check(attempt)])
    verdicts.push(await stub.check(attempt))
    for (const verdict of verdicts) expect(verdict).toMatchObject({ ok: false, reason: 'refused', result: 'mismatch' })
    expect(compared(/./)).toBe(1)
    expect((await stateFor(email)).buckets.stranger?.failures).toBe(1)
    await stub.check({ ...attempt, id: 'twice' })
    expect((await stateFor(email)).buckets.stranger?.failures).toBe(2)
  })

  it('is one attempt, where the answer was lost on the way and asked for again', async () => {
    const { email } = await insertUser()
    let losses = 1
    const getByName = (name: string) => {
      const stub = env.DOORKEEPER.getByName(name)
      return {
        check: async (attempt: Attempt) => {
          const verdict = await stub.check(attempt)
          if (losses-- > 0) throw new Error('Network connection lost.')
          return verdict
        },
      }
    }
    const own = { ...CALM, DOORKEEPER: { getByName } as unknown as Env['DOORKEEPER'] }
    expect(await guess(email, 'wrong', '10.8.0.1', own)).toBe('invalid_credentials')
    expect((await stateFor(email)).buckets.stranger?.failures).toBe(1)
    expect(losses).toBe(-1)
    expect(compared(/./)).toBe(1)
  })
})

describe('a stolen token of an administrator', () => {
  const admin = async () => {
    const { id, email } = await insertUser()
    await env.DB.prepare(`UPDATE users SET roles = '["admin"]' WHERE id = ?`).bind(id).run()
    return { id, email, ...(await sessionFor(id)) }
  }
  const by = (token: string, method: string, path: string, json?: unknown) =>
    callIn(PAST, method, path, { ...(json !== undefined && { json }), ...bearer(token) })

  it('opens no budget once the login is stale, its own least of all: five guesses, then those of an hour', async () => {
    const { id, email, token } = await admin()
    clock.forward(601)
    let compared = 0
    for (let i = 0; i < 60; i++) {
      const answer = await by(token, 'POST', '/user/reauth', { password: `guess ${i}` })
      if (answer.status === 401) compared++
      await expectProblem(await by(token, 'POST', `/admin/users/${id}/unlock`), 401, 'fresh_login_required')
    }
    expect(compared).toBe(5)
    expect((await by(token, 'POST', '/user/reauth', { password: PASSWORD })).status).toBe(429)
    expect(await guess(email, PASSWORD, freshAddress())).toBe('found')
  })

  it('is no more than the thirty guesses of strangers in an hour while it is fresh, however often it unlocks', async () => {
    const { id, email, token } = await admin()
    const outcomes: string[] = []
    for (let i = 0; i < 100; i++) {
      outcomes.push(await guess(email, `guess ${i}`, freshAddress()))
      outcomes.push(String((await by(token, 'POST', '/user/reauth', { password: `guess ${i}` })).status))
      expect((await by(token, 'POST', `/admin/users/${id}/unlock`)).status).toBe(204)
      clock.forward(1)
    }
    expect(compared(/^guess/)).toBe(30 + 11) // the session’s own bucket stays closed
    const sessions = Object.entries((await stateFor(email)).buckets).filter(([name]) => name.startsWith('session '))
    expect(sessions).toHaveLength(1)
    clock.forward(3_600)
    expect(await guess(email, PASSWORD, freshAddress())).toBe('found')
  })
})
