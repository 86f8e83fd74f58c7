import { abortAllDurableObjects } from 'cloudflare:test'
import bcrypt from 'bcryptjs'
import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from 'vitest'
import { forgetAccount, forgetDevice } from '../../src/doorkeeper/rpc.ts'
import { emptyState, type State } from '../../src/doorkeeper/state.ts'
import {
  brokenDatabase,
  callBy,
  callWith,
  CALM,
  expectProblem,
  freshAddress,
  freshDatabase,
  insertUser,
  loginFrom,
  lost,
  nobody,
  ORIGIN,
  stateFor,
  storedFor,
  withFailures,
  withinDoorkeeper,
} from '../support.ts'

freshDatabase()

let compare: MockInstance
beforeEach(() => {
  compare = vi.spyOn(bcrypt, 'compare')
})
afterEach(() => compare.mockRestore())

const counts = ({ buckets, hour }: State) => ({
  failures: buckets.stranger?.failures ?? 0,
  blocked_until: buckets.stranger?.blocked_until ?? 0,
  attempts: hour.attempts,
})

describe('a database that fails before the comparison', () => {
  it.each([0, 4, 7, 99])('costs the caller nothing, who had failed %i times', async (failures) => {
    const { email } = await insertUser()
    const before = counts(await stateFor(email, withFailures(failures)))
    await withinDoorkeeper(email, { DB: brokenDatabase(lost) })
    for (let i = 0; i < 7; i++) {
      const answer = await loginFrom(freshAddress(), { email }, CALM)
      expect(answer.headers.get('Retry-After')).toBe('2')
      await expectProblem(answer, 503, 'unavailable')
      expect(counts(await stateFor(email))).toEqual(before)
    }
    expect(compare).not.toHaveBeenCalled()
    await abortAllDurableObjects()
    expect((await loginFrom(freshAddress(), { email }, CALM)).status).toBe(200)
  })

  it('costs nothing where it never answers, either', async () => {
    const { email } = await insertUser()
    const before = counts(await stateFor(email, withFailures(3)))
    await withinDoorkeeper(email, { DB: brokenDatabase(() => new Promise(() => {})) })
    await expectProblem(await loginFrom(freshAddress(), { email }, CALM), 503, 'unavailable')
    expect(counts(await stateFor(email))).toEqual(before)
    expect(compare).not.toHaveBeenCalled()
  })

  it('says the same of a name that nobody has', async () => {
    const email = nobody()
    await withinDoorkeeper(email, { DB: brokenDatabase(lost) })
    await expectProblem(await loginFrom(freshAddress(), { email }, CALM), 503, 'unavailable')
    expect(counts(await stateFor(email))).toMatchObject({ failures: 0, blocked_until: 0, attempts: 0 })
  })
})

describe('a database that fails after the comparison', () => {
  const broken = { ...CALM, DB: brokenDatabase(lost) }

  it('takes back no failure, though its row in the audit trail was lost', async () => {
    const { email } = await insertUser()
    for (let i = 1; i <= 5; i++) {
      const answer = await loginFrom(freshAddress(), { email, password: 'wrong' }, broken)
      await expectProblem(answer, 503, 'unavailable')
      expect(counts(await stateFor(email)).failures).toBe(i)
    }
    await expectProblem(await loginFrom(freshAddress(), { email }, broken), 429, 'too_many_attempts')
  })

  it('signs nobody in whose session could not be written', async () => {
    const { email } = await insertUser()
    const answer = await loginFrom(freshAddress(), { email }, broken)
    expect(JSON.stringify(await expectProblem(answer, 503, 'unavailable'))).not.toMatch(/token|lkd_|lkr_/)
  })
})

describe('a doorkeeper that cannot be reached', () => {
  const calls: string[] = []
  const dead = (name: string) => () => {
    calls.push(name)
    return Promise.reject(new Error('The object is not where it was.'))
  }
  const stub = new Proxy({}, { get: (_, name) => (typeof name === 'string' ? dead(name) : undefined) })
  const own: Env = { ...CALM, DOORKEEPER: { getByName: () => stub } as unknown as Env['DOORKEEPER'] }

  const request = (method: string, path: string, token?: string, json?: unknown, where = own) =>
    callWith(where, ORIGIN + path, {
      method,
      headers: {
        'CF-Connecting-IP': freshAddress(),
        ...(json !== undefined && { 'Content-Type': 'application/json' }),
        ...(token !== undefined && { Authorization: `Bearer ${token}` }),
      },
      body: json === undefined ? null : JSON.stringify(json),
    })

  it('closes what asks for a password, after one more try, and nothing else', async () => {
    const { email } = await insertUser()
    const signedIn = await loginFrom(freshAddress(), { email }, CALM)
    const { access_token, refresh_token } = await signedIn.json<{ access_token: string; refresh_token: string }>()
    compare.mockClear()
    calls.length = 0

    const closed = await loginFrom(freshAddress(), { email }, own)
    expect(closed.headers.get('Retry-After')).toBe('2')
    await expectProblem(closed, 503, 'unavailable')
    expect(calls).toEqual(['check', 'check'])
    const password = 'a new password of mine'
    for (const [path, json] of [
      ['/user/reauth', { password }],
      ['/user/password', { current_password: password, new_password: password }],
      ['/user/email', { email: 'new@example.com', password }],
      ['/user/register', { email: 'new@example.com', password }],
      ['/user/password/forgot', { email }],
    ] as const) {
      await expectProblem(await request('POST', path, access_token, json), 503, 'unavailable')
    }
    await expectProblem(await request('GET', '/user/devices', access_token), 503, 'unavailable')
    expect(compare).not.toHaveBeenCalled()

    calls.length = 0
    expect((await request('POST', '/action', access_token)).status).toBe(200)
    expect((await request('GET', '/user/me', access_token)).status).toBe(200)
    expect((await request('GET', '/user/sessions', access_token)).status).toBe(200)
    expect((await request('GET', '/health')).status).toBe(200)
    const refreshed = await request('POST', '/user/refresh', undefined, { refresh_token })
    expect(refreshed.status).toBe(200)
    const { access_token: next } = await refreshed.json<{ access_token: string }>()
    expect((await request('POST', '/action', next)).status).toBe(200)
    expect((await request('POST', '/user/logout', next)).status).toBe(204)
    expect(calls).toEqual([])
  })

  it('has the same effect when its namespace does not exist', async () => {
    const { email } = await insertUser()
    const getByName = () => {
      throw new Error('No such namespace.')
    }
    const none = { ...CALM, DOORKEEPER: { getByName } as unknown as Env['DOORKEEPER'] }
    const answer = await loginFrom(freshAddress(), { email }, none)
    const problem = await expectProblem(answer, 503, 'unavailable')
    expect(JSON.stringify(problem)).not.toContain('namespace')
  })
})

describe('while a password is compared', () => {
  /** Holds the next comparison back until it is released. It looks for itself: what another request did must not be awaited. */
  function heldBack(): { begun: () => Promise<void>; release: () => void } {
    const held = { back: true }
    compare.mockImplementationOnce(async (password: string, hash: string) => {
      while (held.back) await scheduler.wait(5)
      return bcrypt.compareSync(password, hash)
    })
    return {
      begun: () => vi.waitFor(() => expect(compare).toHaveBeenCalled(), 3_000),
      release: () => (held.back = false),
    }
  }

  it.each([undefined, 'wrong'])('an account can be forgotten, and nothing of it comes back (%s)', async (password) => {
    const { email } = await insertUser()
    const comparison = heldBack()
    const answer = loginFrom(freshAddress(), { email, ...(password !== undefined && { password }) }, CALM)
    await comparison.begun()
    await forgetAccount(callBy(), email)
    comparison.release()
    expect((await answer).status).toBe(password === undefined ? 200 : 401)
    expect(await storedFor(email)).toEqual([])
    expect(await stateFor(email)).toEqual(emptyState())
  })

  it('its device can be forgotten, and is another one afterwards', async () => {
    const { id: user_id, email } = await insertUser()
    const first = await (await loginFrom(freshAddress(), { email }, CALM)).json<{ device_token: string }>()
    const [{ id } = { id: '' }] = (await stateFor(email)).devices
    compare.mockClear()
    const comparison = heldBack()
    const answer = loginFrom(freshAddress(), { email, device_token: first.device_token }, CALM)
    await comparison.begun()
    expect(await forgetDevice(callBy(), { owner: { id: user_id, email }, device: id })).toBe(true)
    comparison.release()
    const second = await (await answer).json<{ device_token: string }>()
    expect(second.device_token).not.toBe(first.device_token)
    const { devices } = await stateFor(email)
    expect(devices.map((device) => device.id === id)).toEqual([false])
  })

  it('the object can die: the attempt is made once more, and counts once', async () => {
    const { email } = await insertUser()
    compare.mockImplementationOnce(() => new Promise(() => {}))
    const answer = loginFrom(freshAddress(), { email, password: 'wrong' }, CALM)
    await vi.waitFor(() => expect(compare).toHaveBeenCalledTimes(1), 3_000)
    await abortAllDurableObjects()
    await expectProblem(await answer, 401, 'invalid_credentials')
    expect(counts(await stateFor(email))).toMatchObject({ failures: 1, attempts: 1 })
  })
})
