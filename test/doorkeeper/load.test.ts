import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { countPasswordWork, refuseWhenOverloaded, rememberNetwork } from '../../src/doorkeeper/load.ts'
import {
  callIn,
  CALM,
  clock,
  ENV,
  expectProblem,
  fresh24,
  freshAddress,
  freshDatabase,
  insertUser,
  limiter,
  loginFrom,
  mailedToken,
  nobody,
  PASSWORD,
  watchedDatabase,
  watchedDoorkeeper,
} from '../support.ts'

freshDatabase()

/** A location in which more password work is asked for than the breaker allows. */
const BUSY: Env = { ...ENV, BREAKER: limiter(false) }

// The last password that was worked on found the rate passed; strangers wait for some seconds from then on.
beforeEach(() => countPasswordWork(BUSY))

let user: { id: number; email: string }
let signedIn: { access_token: string; device_token: string }
beforeAll(async () => {
  user = await insertUser()
  const answer = await loginFrom(freshAddress(), { email: user.email }, CALM)
  signedIn = await answer.json()
})

const post = (own: Env, path: string, json: unknown, headers: Record<string, string> = {}, ip = freshAddress()) =>
  callIn(own, 'POST', path, { json, headers: { 'CF-Connecting-IP': ip, ...headers } })

describe('past the rate of a location', () => {
  it('a stranger is turned away at once: no object, no database, no word about the account', async () => {
    const database = watchedDatabase()
    const { own, names } = watchedDoorkeeper({ ...BUSY, DB: database.DB })
    for (const [email, password] of [
      [user.email, PASSWORD],
      [user.email, 'wrong'],
      [nobody(), 'wrong'],
    ]) {
      const answer = await loginFrom(freshAddress(), { email, password }, own)
      expect(answer.headers.get('Retry-After')).toBe('10')
      expect(answer.headers.get('Cache-Control')).toBe('no-store')
      await expectProblem(answer, 503, 'overloaded')
    }
    expect([names, database.texts]).toEqual([[], []])
  })

  it('a registration is turned away before its password is hashed', async () => {
    const { own, names } = watchedDoorkeeper(BUSY)
    const answer = await post(own, '/user/register', { email: nobody(), password: 'a long enough password' })
    expect(answer.headers.get('Retry-After')).toBe('10')
    await expectProblem(answer, 503, 'overloaded')
    expect(names).toEqual([])
  })

  it('the owner of a device goes on', async () => {
    const { device_token } = signedIn
    const answer = await loginFrom(freshAddress(), { email: user.email, device_token }, BUSY)
    expect(answer.status).toBe(200)
  })

  it('a device of another account is a stranger, and so is a forged one, or an empty one', async () => {
    const other = await insertUser()
    const { device_token } = signedIn
    const forged = `${device_token.slice(0, 40)}${device_token[40] === 'A' ? 'B' : 'A'}${device_token.slice(41)}`
    for (const [email, token] of [
      [other.email, device_token],
      [user.email, forged],
      [user.email, ''],
    ]) {
      await expectProblem(await loginFrom(freshAddress(), { email, device_token: token }, BUSY), 503, 'overloaded')
    }
  })

  it('a network goes on from which somebody signed in, and none from which somebody only tried', async () => {
    const [known, tried] = [fresh24(), fresh24()]
    expect((await loginFrom(`${known}.1`, { email: user.email }, CALM)).status).toBe(200)
    expect((await loginFrom(`${tried}.1`, { email: user.email, password: 'wrong' }, CALM)).status).toBe(401)
    expect((await loginFrom(`${known}.200`, { email: user.email }, BUSY)).status).toBe(200)
    await expectProblem(await loginFrom(`${tried}.200`, { email: user.email }, BUSY), 503, 'overloaded')
  })

  it('who is signed in, or holds a mailed link, goes on', async () => {
    const headers = { Authorization: `Bearer ${signedIn.access_token}` }
    expect((await post(BUSY, '/user/reauth', { password: PASSWORD }, headers)).status).toBe(200)
    const { email } = await insertUser()
    expect((await post(BUSY, '/user/password/forgot', { email })).status).toBe(202)
    const reset = { token: mailedToken(email), password: 'another password of mine' }
    expect((await post(BUSY, '/user/password/reset', reset)).status).toBe(204)
  })
})

describe('the rate of a location', () => {
  it('counts every login and registration, known or not, under one key', async () => {
    const keys: string[] = []
    const BREAKER: RateLimit = {
      limit: ({ key }) => {
        keys.push(key)
        return Promise.resolve({ success: true })
      },
    }
    const own = { ...ENV, BREAKER }
    const { device_token } = signedIn
    await loginFrom(freshAddress(), { email: nobody() }, own)
    await loginFrom(freshAddress(), { email: user.email, device_token }, own)
    await post(own, '/user/register', { email: nobody(), password: 'a long enough password' })
    expect(keys).toEqual(Array(3).fill('password work'))
  })

  it('counts nothing that this machine asks for', async () => {
    const BREAKER: RateLimit = { limit: () => Promise.reject(new Error('asked')) }
    const own = { ...ENV, BREAKER }
    for (const ip of ['127.0.0.1', '::1']) {
      expect((await loginFrom(ip, { email: user.email }, own)).status).toBe(200)
      const registration = { email: nobody(), password: 'a long enough password' }
      expect((await post(own, '/user/register', registration, {}, ip)).status).toBe(202)
    }
  })

  it('counts who comes without an address: another Worker may have sent the request on', async () => {
    let counted = 0
    const BREAKER: RateLimit = { limit: () => Promise.resolve({ success: ++counted > 0 }) }
    const answer = await loginFrom('', { email: user.email }, { ...ENV, BREAKER })
    expect([answer.status, counted]).toEqual([200, 1])
    await expectProblem(await loginFrom('', { email: user.email }, BUSY), 503, 'overloaded')
  })

  it('is not touched by what a doorkeeper refuses unheard, so that a storm on one account turns nobody else away', async () => {
    let counted = 0
    const BREAKER: RateLimit = { limit: () => Promise.resolve({ success: ++counted < 6 }) }
    const own = { ...ENV, BREAKER }
    const { email } = await insertUser()
    for (let n = 0; n < 20; n++) await loginFrom(freshAddress(), { email, password: 'wrong' }, own)
    expect(counted).toBeLessThan(6 + 1)
    expect((await loginFrom(freshAddress(), { email: 'nobody@example.com' }, own)).status).not.toBe(429)
  })

  it('holds for ten seconds, and not for this machine', async () => {
    const { forward } = clock
    await countPasswordWork(BUSY)
    expect(() => refuseWhenOverloaded(BUSY, freshAddress(), false)).toThrow('overloaded')
    refuseWhenOverloaded(BUSY, '127.0.0.1', false)
    forward(9)
    expect(() => refuseWhenOverloaded(BUSY, freshAddress(), false)).toThrow('overloaded')
    forward(1)
    refuseWhenOverloaded(BUSY, freshAddress(), false)
  })

  it('is over at once where the clock is set back, and not when it is there again', async () => {
    const { forward } = clock
    forward(3_600)
    await countPasswordWork(BUSY)
    forward(-3_600)
    refuseWhenOverloaded(BUSY, freshAddress(), false)
  })

  it('remembers ten thousand networks, the latest', async () => {
    const [first, second, latest] = [fresh24(), fresh24(), fresh24()]
    rememberNetwork(`${first}.1`)
    rememberNetwork(`${second}.1`)
    for (let n = 0; n < 9_998; n++) rememberNetwork(`11.${n >> 8}.${n & 255}.1`)
    refuseWhenOverloaded(BUSY, `${first}.1`, false)
    rememberNetwork(`${first}.1`)
    rememberNetwork(`${latest}.1`)
    expect(() => refuseWhenOverloaded(BUSY, `${second}.1`, false)).toThrow('overloaded')
    refuseWhenOverloaded(BUSY, `${first}.1`, false)
    refuseWhenOverloaded(BUSY, `${latest}.1`, false)
  })
})
