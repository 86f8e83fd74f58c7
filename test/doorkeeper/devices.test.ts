import { runInDurableObject } from 'cloudflare:test'
import bcrypt from 'bcryptjs'
import { describe, expect, it } from 'vitest'
import { base64url, utf8 } from '../../src/lib/bytes.ts'
import {
  bearer,
  call,
  callWith,
  CALM,
  claimsOf,
  clock,
  doorkeeperOf,
  expectProblem,
  freshAddress,
  freshDatabase,
  insertUser,
  loginFrom,
  mailedToken,
  nobody,
  now,
  ORIGIN,
  PASSWORD,
  stateFor,
  storedFor,
  watchedDoorkeeper,
  withFailures,
} from '../support.ts'

freshDatabase()

const NEW = 'another password of somebody'

type SignedIn = { access_token: string; device_token: string }

async function signIn(email: string, json: Record<string, unknown> = {}, ip = freshAddress()): Promise<SignedIn> {
  const answer = await loginFrom(ip, { email, ...json }, CALM)
  expect(answer.status).toBe(200)
  return answer.json<SignedIn>()
}

type Listed = { id: string; created_at: number; used_at: number }

async function devicesOf({ access_token }: SignedIn): Promise<Listed[]> {
  const answer = await call('GET', '/user/devices', bearer(access_token))
  expect(answer.status).toBe(200)
  return (await answer.json<{ devices: Listed[] }>()).devices
}

const remove = (id: string, { access_token }: SignedIn) => call('DELETE', `/user/devices/${id}`, bearer(access_token))

/** Leaves strangers nothing, as a storm does: only a device or a network that is known comes in now. */
const closeToStrangers = (email: string) =>
  stateFor(email, (state) => ({ ...state, ...withFailures(100)(state), networks: [] }))

/** What comes of the right password and this device token, where strangers have nothing left. */
async function statusOf(email: string, device_token: string): Promise<number> {
  await closeToStrangers(email)
  return (await loginFrom(freshAddress(), { email, device_token }, CALM)).status
}

describe('a device', () => {
  it('is handed a token at login, and is the same device when it shows it again', async () => {
    const { email } = await insertUser()
    const first = await signIn(email)
    expect(first.device_token).toMatch(/^lkd_[\w-]{70}$/)
    const [device] = await devicesOf(first)
    expect(device).toMatchObject({ created_at: now(), used_at: now() })
    clock.forward(1_000)
    const again = await signIn(email, { device_token: first.device_token })
    expect(again.device_token).toBe(first.device_token)
    expect(await devicesOf(again)).toEqual([
      { ...device, used_at: device!.used_at + 1_000, ip: expect.any(String) as string },
    ])
    const other = await signIn(email)
    expect(other.device_token).not.toBe(first.device_token)
    expect(await devicesOf(other)).toHaveLength(2)
  })

  it('is listed with where it was used last, for its owner alone', async () => {
    const [mine, theirs] = [await insertUser(), await insertUser()]
    const [ip, userAgent] = [freshAddress(), 'A browser/1.0']
    const init = {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'CF-Connecting-IP': ip, 'User-Agent': userAgent },
      body: JSON.stringify({ email: mine.email, password: PASSWORD }),
      cf: { country: 'KR' },
    }
    const signedIn = await (await callWith(CALM, `${ORIGIN}/user/login`, init)).json<SignedIn>()
    const stranger = await signIn(theirs.email)
    const devices = await devicesOf(signedIn)
    expect(devices).toEqual([
      {
        id: expect.stringMatching(/^[\w-]{22}$/) as string,
        created_at: expect.any(Number) as number,
        used_at: devices[0]!.created_at,
        ip,
        country: 'KR',
        user_agent: userAgent,
      },
    ])
    const [{ id }] = (await devicesOf(stranger)) as [Listed]
    expect(id).not.toBe(devices[0]!.id)
    expect(JSON.stringify(await devicesOf(signedIn))).not.toContain(signedIn.device_token)
  })

  it('is one of ten: the one that was not used for the longest time is a stranger again', async () => {
    const { email } = await insertUser()
    const signedIn: SignedIn[] = []
    for (let i = 0; i < 10; i++) {
      signedIn.push(await signIn(email))
      clock.forward(1)
    }
    await signIn(email, { device_token: signedIn[0]!.device_token })
    const eleventh = await signIn(email)
    const devices = await devicesOf(eleventh)
    expect(devices).toHaveLength(10)
    expect(devices[0]!.created_at).toBe(now())
    expect(await statusOf(email, signedIn[0]!.device_token)).toBe(200)
    expect(await statusOf(email, signedIn[1]!.device_token)).toBe(429)
    expect(await statusOf(email, signedIn[2]!.device_token)).toBe(200)
  })

  it('is forgotten by its owner, and by nobody else', async () => {
    const [mine, theirs] = [await insertUser(), await insertUser()]
    const [lost, kept] = [await signIn(mine.email), await signIn(mine.email)]
    const other = await signIn(theirs.email)
    const [{ id }] = (await devicesOf(kept)).slice(-1) as [Listed]
    await expectProblem(await remove(id, other), 404, 'not_found')
    await expectProblem(await remove('nothing', kept), 404, 'not_found')
    expect(await devicesOf(kept)).toHaveLength(2)
    expect(await statusOf(mine.email, lost.device_token)).toBe(200)

    expect((await remove(id, kept)).status).toBe(204)
    await expectProblem(await remove(id, kept), 404, 'not_found')
    expect((await devicesOf(kept)).map((device) => device.id)).not.toContain(id)
    expect(await statusOf(mine.email, lost.device_token)).toBe(429)
    expect(await statusOf(mine.email, kept.device_token)).toBe(200)
  })

  it.each([
    ['changes', 'POST /user/password', { current_password: PASSWORD, new_password: NEW }],
    ['resets', 'POST /user/password/reset', { password: NEW }],
  ])('is a stranger, as every network is, when somebody %s the password', async (_does, route, body) => {
    const { email } = await insertUser()
    const attacker = await signIn(email)
    const owner = await signIn(email)
    await call('POST', '/user/password/forgot', { json: { email } })
    const json = { ...body, token: mailedToken(email) }
    const [method, path] = route.split(' ') as [string, string]
    expect((await call(method, path, { json, ...bearer(owner.access_token) })).status).toBe(204)
    const { devices, networks, buckets } = await stateFor(email)
    expect([devices, networks, buckets]).toEqual([[], [], {}])
    const { device_token } = attacker
    await closeToStrangers(email)
    const answer = await loginFrom(freshAddress(), { email, device_token, password: NEW }, CALM)
    await expectProblem(answer, 429, 'too_many_attempts')
  })

  it('is forgotten by no token whose session has ended', async () => {
    const { email } = await insertUser()
    const ended = await signIn(email)
    const [{ id }] = (await devicesOf(ended)) as [Listed]
    expect((await call('POST', '/user/logout', bearer(ended.access_token))).status).toBe(204)
    await expectProblem(await remove(id, ended), 401, 'invalid_token')
    expect((await stateFor(email)).devices).toHaveLength(1)
  })

  it('takes its failures along when it is forgotten', async () => {
    const { email } = await insertUser()
    const signedIn = await signIn(email)
    await loginFrom(freshAddress(), { email, password: 'wrong', device_token: signedIn.device_token }, CALM)
    const [{ id }] = (await devicesOf(signedIn)) as [Listed]
    expect(Object.keys((await stateFor(email)).buckets)).toEqual([`device ${id}`])
    await remove(id, signedIn)
    expect((await stateFor(email)).buckets).toEqual({})
  })

  it('is no device with a token that is forged, cut, of another account or of another kind', async () => {
    const [mine, theirs] = [await insertUser(), await insertUser()]
    const { device_token, access_token } = await signIn(mine.email)
    const other = await signIn(theirs.email)
    const { refresh_token } = (await signIn(mine.email)) as SignedIn & { refresh_token: string }
    const turned = (place: number) =>
      device_token.slice(0, place) + (device_token[place] === 'A' ? 'B' : 'A') + device_token.slice(place + 1)
    const wrong = [
      other.device_token,
      refresh_token,
      `lkd_${refresh_token.slice(4)}`,
      turned(5),
      turned(40),
      turned(73),
      device_token.slice(0, -1),
      `${device_token} `,
      device_token.toUpperCase(),
      '',
      'lkd_',
      'x'.repeat(128),
    ]
    for (const token of wrong) expect([token, await statusOf(mine.email, token)]).toEqual([token, 429])
    expect(await statusOf(mine.email, device_token)).toBe(200)
    expect(await statusOf(theirs.email, device_token)).toBe(429)
    const { devices } = await stateFor(mine.email)
    await stateFor(theirs.email, (state) => ({ ...state, devices })) // it is bound to the account, not to a list
    expect(await statusOf(theirs.email, device_token)).toBe(429)
    for (const token of [access_token, 'x'.repeat(129)]) {
      await expectProblem(
        await loginFrom(freshAddress(), { email: mine.email, device_token: token }, CALM),
        422,
        'invalid_body',
      )
    }
  })

  it('is the same in every spelling of the address', async () => {
    await insertUser({ email: 'a.person@xn--3e0b707e.kr' })
    const { device_token } = await signIn('a.person@xn--3e0b707e.kr')
    await closeToStrangers('A.Person@한국.KR')
    expect((await signIn('A.PERSON@한국.kr', { device_token })).device_token).toBe(device_token)
  })

  it('proves nothing but itself: a wrong password with it is a wrong password', async () => {
    const { email } = await insertUser()
    const { device_token } = await signIn(email)
    const answer = await loginFrom(freshAddress(), { email, password: 'wrong', device_token }, CALM)
    const problem = await expectProblem(answer, 401, 'invalid_credentials')
    expect(JSON.stringify(problem)).not.toContain('lkd_')
  })
})

describe('the storage of an object', () => {
  it('holds neither the address nor the password nor a token, and is not named by them', async () => {
    const email = 'canary.address@example.com'
    const password = 'canary of a password'
    await insertUser({ email, hashed_password: await bcrypt.hash(password, 10) })
    const { device_token } = await signIn(email, { password })
    await loginFrom(freshAddress(), { email, password: 'canary of a wrong one' }, CALM)
    await loginFrom(freshAddress(), { email, password: 'canary of a wrong one', device_token }, CALM)
    const stored = await storedFor(email)
    expect(stored.map(([key]) => key)).toEqual(['state'])
    const text = JSON.stringify(stored)
    expect(text).toContain('"failures":1')
    expect(text).not.toMatch(/canary|example|lkd_|\$2b\$/)
    const name = await runInDurableObject(await doorkeeperOf(email), (_, { id }) => id.name)
    expect(name).toMatch(/^[\w-]{43}$/)
    const plain = await crypto.subtle.digest('SHA-256', utf8(email))
    expect(name).not.toBe(base64url(new Uint8Array(plain)))
  })

  it('is found only with the secret that is shared with nobody', async () => {
    const [names, unknown]: [string[], string] = [[], nobody()]
    for (const secret of [CALM.LATCHKEY_SECRET, 'another secret of thirty-two bytes or more']) {
      const watched = watchedDoorkeeper({ ...CALM, LATCHKEY_SECRET: secret } as Env)
      await loginFrom(freshAddress(), { email: unknown, password: 'x' }, watched.own)
      names.push(...watched.names)
    }
    expect(names).toHaveLength(2)
    expect(names[0]).not.toBe(names[1])
  })
})

describe('a session that confirms itself', () => {
  const wrong = 'not the password'
  const ways = {
    'to become fresh': ['POST', '/user/reauth', { password: wrong }],
    'to change the password': ['POST', '/user/password', { current_password: wrong, new_password: 'a new password' }],
    'to change the address': ['POST', '/user/email', { email: 'new@example.com', password: wrong }],
    'to leave for good': ['DELETE', '/user/me', { password: wrong }],
  } as const

  it.each(Object.entries(ways))('is counted apart, %s', async (_name, [method, path, json]) => {
    const { email } = await insertUser()
    const { access_token } = await signIn(email)
    const init = { json, headers: { Authorization: `Bearer ${access_token}`, 'CF-Connecting-IP': freshAddress() } }
    await expectProblem(await call(method, path, init), 401, 'invalid_credentials')
    const { buckets, devices, networks } = await stateFor(email)
    expect(buckets).toEqual({
      [`session ${claimsOf(access_token).sid as string}`]: expect.objectContaining({ failures: 1 }),
    })
    expect([devices.length, networks.length]).toEqual([1, 1])
  })

  it('has five attempts over all of these, then waits; other sessions and logins do not', async () => {
    const { email } = await insertUser()
    const [thief, owner] = [await signIn(email), await signIn(email)]
    const ask = ([method, path, json]: (typeof ways)[keyof typeof ways], { access_token }: SignedIn, more = {}) =>
      call(method, path, { json: { ...json, ...more }, ...bearer(access_token) })
    const five = [...Object.values(ways), ways['to become fresh']]
    for (const way of five) await expectProblem(await ask(way, thief), 401, 'invalid_credentials')
    const right = { password: PASSWORD, current_password: PASSWORD }
    for (const way of Object.values(ways)) {
      const answer = await ask(way, thief, right)
      expect(answer.headers.get('Retry-After')).toBe('1')
      await expectProblem(answer, 429, 'too_many_attempts')
    }
    expect((await ask(ways['to become fresh'], owner, right)).status).toBe(200)
    expect((await loginFrom(freshAddress(), { email }, CALM)).status).toBe(200)
    clock.forward(1)
    expect((await ask(ways['to become fresh'], thief, right)).status).toBe(200)
    expect((await stateFor(email)).buckets).toEqual({})
  })

  it('is heard while strangers have nothing left, and does not become a device or a known network', async () => {
    const { email } = await insertUser()
    const { access_token } = await signIn(email)
    const before = await closeToStrangers(email)
    const headers = { Authorization: `Bearer ${access_token}`, 'CF-Connecting-IP': freshAddress() }
    const answer = await call('POST', '/user/reauth', { json: { password: PASSWORD }, headers })
    expect(answer.status).toBe(200)
    expect(await answer.text()).not.toContain('lkd_')
    const { devices, networks, buckets } = await stateFor(email)
    expect({ devices, networks, buckets }).toEqual({ devices: before.devices, networks: [], buckets: before.buckets })
  })
})

describe('the login page', () => {
  const post = (form: Record<string, string>, Cookie = '') =>
    callWith(CALM, `${ORIGIN}/login`, {
      method: 'POST',
      redirect: 'manual',
      headers: {
        'Sec-Fetch-Site': 'same-origin',
        'CF-Connecting-IP': freshAddress(),
        'Content-Type': 'application/x-www-form-urlencoded',
        Cookie,
      },
      body: new URLSearchParams(form).toString(),
    })
  const deviceCookie = (answer: Response) =>
    answer.headers.getSetCookie().find((cookie) => cookie.startsWith('__Host-latchkey-device='))

  it('remembers the device in a cookie of its own, by which its owner comes in past a storm', async () => {
    const { email } = await insertUser()
    const form = { email, password: PASSWORD }
    const cookie = deviceCookie(await post(form))
    expect(cookie).toMatch(
      /^__Host-latchkey-device=lkd_[\w-]{70}; Max-Age=34560000; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    )
    const pair = cookie!.split(';')[0]!
    await closeToStrangers(email)
    const stranger = await post(form)
    expect([stranger.status, stranger.headers.has('Retry-After'), deviceCookie(stranger)]).toEqual([
      429,
      true,
      undefined,
    ])
    const owner = await post(form, `theme=dark; ${pair}`)
    expect(owner.status).toBe(303)
    expect(deviceCookie(owner)).toBe(cookie)
    expect((await stateFor(email)).devices).toHaveLength(1)
    expect((await post(form, pair.replace('-device', ''))).status).toBe(429)
  })
})
