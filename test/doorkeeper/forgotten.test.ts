import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { forgetAccount, forgetDevice, knownTo } from '../../src/doorkeeper/rpc.ts'
import type { State } from '../../src/doorkeeper/state.ts'
import {
  bearer,
  call,
  callBy,
  CALM,
  doorkeeperOf,
  expectProblem,
  freshAddress,
  freshDatabase,
  insertUser,
  loginFrom,
  nobody,
  PASSWORD,
  sessionFor,
  stateFor,
  storedFor,
  withFailures,
  withinDoorkeeper,
} from '../support.ts'

freshDatabase()

const attempt = (email: string, password = 'wrong') => loginFrom(freshAddress(), { email, password }, CALM)

const alarmOf = async (email: string) =>
  runInDurableObject(await doorkeeperOf(email), (_, { storage }) => storage.getAlarm())

describe('an object that nobody will ask for again', () => {
  /** What the object holds is gone, and so is the storage that it stood in. */
  async function expectNothingLeft(email: string): Promise<void> {
    const untouched = await sizeOf(nobody())
    expect(await storedFor(email)).toEqual([])
    expect(await alarmOf(email)).toBeNull()
    expect(await sizeOf(email)).toBe(untouched)
    await expectProblem(await attempt(email), 401, 'invalid_credentials') // the instance that lives on still works
    expect(await sizeOf(email)).toBeGreaterThan(untouched)
  }
  const sizeOf = async (email: string) =>
    runInDurableObject(await doorkeeperOf(email), (_, { storage }) => storage.sql.databaseSize)
  const ring = async (email: string) => expect(await runDurableObjectAlarm(await doorkeeperOf(email))).toBe(true)

  it('leaves no storage, where nobody had the name', async () => {
    const email = nobody()
    await attempt(email)
    await ring(email)
    await expectNothingLeft(email)
  })

  it('leaves none at the deletion of the account', async () => {
    const { email } = await insertUser()
    await loginFrom(freshAddress(), { email }, CALM)
    await forgetAccount(callBy(), email)
    await expectNothingLeft(email)
  })

  it('leaves none where it was not told of the deletion', async () => {
    const { id, email } = await insertUser()
    await loginFrom(freshAddress(), { email }, CALM)
    await env.DB.prepare('DELETE FROM users WHERE id = ?').bind(id).run()
    await ring(email)
    await expectNothingLeft(email)
  })

  it('leaves none where the account has another address by now', async () => {
    const { id, email } = await insertUser()
    await loginFrom(freshAddress(), { email }, CALM)
    await env.DB.prepare('UPDATE users SET email = ? WHERE id = ?').bind(nobody(), id).run()
    await ring(email)
    await expectNothingLeft(email)
  })

  it('leaves none where the secret was replaced that named it', async () => {
    const { email } = await insertUser()
    await loginFrom(freshAddress(), { email }, CALM)
    const { LATCHKEY_SECRET } = CALM
    await withinDoorkeeper(email, { LATCHKEY_SECRET: 'another secret of thirty-two bytes or more' })
    await ring(email)
    await withinDoorkeeper(email, { LATCHKEY_SECRET })
    await expectNothingLeft(email)
  })
})

describe('an address that another account has by now, of which the object was not told', () => {
  async function inherited() {
    const former = await insertUser()
    const signedIn = await loginFrom(freshAddress(), { email: former.email }, CALM)
    const { device_token } = await signedIn.json<{ device_token: string }>()
    await env.DB.prepare('DELETE FROM users WHERE id = ?').bind(former.id).run()
    const owner = await insertUser({ email: former.email })
    return { former, owner, device_token, before: await stateFor(former.email) }
  }

  it('shows its new owner nothing of the former one', async () => {
    const { former, owner, before } = await inherited()
    expect(before).toMatchObject({ owner: former.id, devices: [{ ip: expect.any(String) as string }] })
    expect(await knownTo(callBy(), owner)).toEqual({ devices: [], networks: [] })
    expect(await forgetDevice(callBy(), { owner, device: before.devices[0]!.id })).toBe(false)
    const { token } = await sessionFor(owner.id)
    const seen = [
      await call('GET', '/user/devices', bearer(token)),
      await call('GET', '/user/me/export', bearer(token)),
    ]
    for (const answer of seen) {
      expect(answer.status).toBe(200)
      expect(await answer.text()).not.toContain(before.devices[0]!.ip)
    }
  })

  it.each([PASSWORD, 'wrong'])(
    'counts the former one’s device as a stranger from its first attempt on (%s)',
    async (password) => {
      const { owner, device_token, before } = await inherited()
      const answer = await loginFrom(freshAddress(), { email: owner.email, password, device_token }, CALM)
      expect(answer.status).toBe(password === PASSWORD ? 200 : 401)
      const { devices, networks, buckets, hour } = await stateFor(owner.email)
      expect(devices.some(({ id }) => id === before.devices[0]!.id)).toBe(false)
      expect([devices.length, networks.length]).toEqual(password === PASSWORD ? [1, 1] : [0, 0])
      const failures = password === PASSWORD ? {} : { stranger: expect.objectContaining({ failures: 1 }) as unknown }
      expect(buckets).toEqual(failures)
      expect(hour.attempts).toBe(password === PASSWORD ? 0 : 1)
    },
  )

  it('gives the former one’s device no budget: of fifty guesses at once five are compared, and five later', async () => {
    const { owner, device_token } = await inherited()
    const wave = () =>
      Promise.all(
        Array.from({ length: 50 }, () =>
          loginFrom(freshAddress(), { email: owner.email, password: 'wrong', device_token }, CALM),
        ),
      )
    const heard = async () => (await wave()).filter(({ status }) => status === 401).length
    expect([await heard(), await heard()].reduce((a, b) => a + b)).toBeLessThanOrEqual(10)
    expect(await heard()).toBe(0)
  })

  it('keeps what strangers tried, and the hour, for its new owner', async () => {
    const { owner } = await inherited()
    await stateFor(owner.email, (state) => ({ ...withFailures(100)(state), hour: { ...state.hour, attempts: 40 } }))
    await expectProblem(await attempt(owner.email), 429, 'too_many_attempts')
    await stateFor(owner.email, (state) => ({ ...withFailures(4)(state), hour: { ...state.hour, attempts: 59 } }))
    await expectProblem(await attempt(owner.email), 401, 'invalid_credentials')
    expect(await stateFor(owner.email)).toMatchObject({
      owner: owner.id,
      devices: [],
      networks: [],
      buckets: { stranger: { failures: 5 } },
      hour: { attempts: 60 },
    })
  })

  it('is not changed by a session of another row of the same name, which could open its budget so', async () => {
    const { email } = await insertUser()
    await stateFor(email, withFailures(4))
    await attempt(email)
    const before = await stateFor(email)
    const other = await insertUser()
    const stub = await doorkeeperOf(email)
    const { origin } = callBy()
    await stub.check({ id: 'x', who: { user_id: other.id, session_id: 's' }, password: 'wrong', origin, ways: [] })
    expect(await stateFor(email)).toMatchObject({ owner: before.owner, buckets: before.buckets })
  })
})

describe('a state that was stored before states named their owner', () => {
  const ofBefore = (state: State): State => ({ ...state, owner: undefined })

  it('shows its devices, keeps them whatever strangers ask for, and names the owner with the next attempt', async () => {
    const { id, email } = await insertUser()
    await loginFrom(freshAddress(), { email }, CALM)
    const { devices, networks } = await stateFor(email, ofBefore)
    expect([devices.length, networks.length]).toEqual([1, 1])
    const { token } = await sessionFor(id)
    expect(await (await call('GET', '/user/devices', bearer(token))).text()).toContain(devices[0]!.id)
    expect((await call('POST', '/user/password/forgot', { json: { email } })).status).toBe(202)
    expect(await runDurableObjectAlarm(await doorkeeperOf(email))).toBe(true)
    expect(await stateFor(email)).toMatchObject({ devices, networks })
    expect(await alarmOf(email)).toBeGreaterThan(Date.now() + 29 * 86_400_000)
    await attempt(email)
    expect(await stateFor(email)).toMatchObject({ owner: id, devices, networks })
    const other = await insertUser()
    expect(await knownTo(callBy(), { id: other.id, email })).toEqual({ devices: [], networks: [] })
  })

  it('has a device forgotten by its owner', async () => {
    const { id, email } = await insertUser()
    await loginFrom(freshAddress(), { email }, CALM)
    const { devices } = await stateFor(email, ofBefore)
    expect(await forgetDevice(callBy(), { owner: { id, email }, device: devices[0]!.id })).toBe(true)
    expect((await stateFor(email)).devices).toEqual([])
  })
})

describe('an international domain in a row that was inserted from outside', () => {
  const [typed, other] = ['owner@m\u00fcnchen.example', 'owner@xn--mnchen-3ya.example']

  async function remembered() {
    await env.DB.prepare('DELETE FROM users WHERE email IN (?, ?)').bind(typed, other).run()
    await forgetAccount(callBy(), typed)
    const { id } = await insertUser({ email: typed })
    const home = freshAddress()
    expect((await loginFrom(home, { email: typed }, CALM)).status).toBe(200)
    const { owner, devices, networks } = await stateFor(typed)
    expect([owner, devices.length, networks.length]).toEqual([id, 1, 1])
    return { owner, devices, networks }
  }

  it.each(['nobody', 'somebody unconfirmed'])(
    'is opened to no guesses by the other spelling, which %s has',
    async (who) => {
      const before = await remembered()
      if (who !== 'nobody') await insertUser({ email: other, email_verified: 0 })
      let heard = 0
      for (let i = 0; i < 40; i++) {
        if ((await attempt(typed, `guess ${i}`)).status === 401) heard++
        if (i % 3 === 2 && (await attempt(other, i % 2 === 0 ? PASSWORD : 'x')).status !== 429) heard++
      }
      expect(heard).toBe(5)
      expect(await stateFor(typed)).toMatchObject(before)
    },
  )

  it('has fifty attempts at once, in both spellings, and no more of them heard than of one', async () => {
    const before = await remembered()
    const answers = Array.from({ length: 50 }, (_, i) => attempt(i % 2 === 0 ? typed : other))
    const statuses = (await Promise.all(answers)).map(({ status }) => status)
    expect(statuses.filter((status) => status === 401)).toHaveLength(5)
    expect(await stateFor(typed)).toMatchObject({ ...before, hour: { attempts: 5 } })
  })
})
