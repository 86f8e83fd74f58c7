import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import type { State } from '../../src/doorkeeper/state.ts'
import { findUser } from '../../src/core/users/users.ts'
import { sql } from '../../src/lib/sql.ts'
import { finish } from '../../src/signing-in/finish.ts'
import { prove } from '../../src/signing-in/prove.ts'
import {
  bearer,
  call,
  callBy,
  callIn,
  CALM,
  clock,
  ENV,
  freshAddress,
  freshDatabase,
  insertUser,
  lost,
  mailsTo,
  PASSWORD,
  stateFor,
  storedFor,
  subjectsTo,
  waitingFor,
  watchedIsolate,
} from '../support.ts'

freshDatabase()

const CHROME = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/142.0 Safari/537.36'
const PHONE = 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile/1 Safari/604.1'

type From = { ip?: string; agent?: string; device_token?: string | undefined; password?: string; own?: Env }

const signIn = (email: string, { ip = freshAddress(), agent = CHROME, own = CALM, ...json }: From = {}) =>
  callIn(own, 'POST', '/user/login', {
    json: { email, password: PASSWORD, ...json },
    headers: { 'CF-Connecting-IP': ip, 'User-Agent': agent },
  })

const tokenIn = async (answer: Response) => (await answer.json<{ device_token: string }>()).device_token

/** A user who has signed in once, from this address, and the token of that device. */
async function known() {
  const { id, email } = await insertUser()
  const ip = freshAddress()
  return { id, email, ip, device_token: await tokenIn(await signIn(email, { ip })) }
}

const NOTICE = 'New sign-in to your account'
const noticesTo = (email: string) => subjectsTo(email).filter((subject) => subject === NOTICE).length

describe('a sign-in from a new device', () => {
  it('is mailed with time, place and device, and a link that undoes it', async () => {
    const { email, ip } = await known()
    const there = freshAddress()
    expect((await signIn(email, { ip: there, agent: PHONE })).status).toBe(200)
    expect(subjectsTo(email)).toEqual([NOTICE])
    const { text } = mailsTo(email)[0]!
    expect(text).toContain(`Place: ${there}\nDevice: Safari · iPhone\n`)
    expect(text).not.toContain(ip)
    const [, token] = /\/undo\?token=([\w-]{43})/.exec(text)!
    expect((await call('POST', '/user/undo', { json: { token } })).status).toBe(200)
    expect((await signIn(email)).status).toBe(401)
  })

  it('is not mailed for the very first one, as after a registration or an import', async () => {
    const { email } = await known()
    expect(subjectsTo(email)).toEqual([])
  })

  it('is not mailed for a device that shows its token, wherever it is', async () => {
    const { email, device_token } = await known()
    expect((await signIn(email, { device_token, agent: PHONE })).status).toBe(200)
    expect(subjectsTo(email)).toEqual([])
  })

  it('is not mailed for a client that keeps no token, as long as device and network are alike', async () => {
    const { email, ip } = await known()
    await signIn(email, { ip })
    expect(noticesTo(email)).toBe(0)
    await signIn(email, { ip, agent: PHONE })
    expect(noticesTo(email)).toBe(1)
    await signIn(email, { ip, agent: PHONE })
    expect(noticesTo(email)).toBe(1)
    await signIn(email, { agent: PHONE })
    expect(noticesTo(email)).toBe(2)
  })

  it('is mailed for a token of another account', async () => {
    const [mine, other] = [await known(), await known()]
    await signIn(mine.email, { device_token: other.device_token })
    expect(noticesTo(mine.email)).toBe(1)
  })

  it('is not mailed for a wrong password, however often: a stranger mails nothing', async () => {
    const { email } = await known()
    for (let i = 0; i < 4; i++) await signIn(email, { password: 'wrong' })
    expect(subjectsTo(email)).toEqual([])
  })

  it('is mailed ten times a day, and again on the next one', async () => {
    const { email } = await known()
    for (let i = 0; i < 12; i++) expect((await signIn(email)).status).toBe(200)
    expect(noticesTo(email)).toBe(10)
    clock.forward(86_400)
    await signIn(email)
    expect(noticesTo(email)).toBe(11)
  })

  it('costs a known device no statement', async () => {
    const { email, device_token } = await known()
    const statements = async (from: From) => {
      const isolate = watchedIsolate()
      await signIn(email, { ...from, own: { ...isolate.env, BREAKER: CALM.BREAKER } })
      return isolate.texts.filter((text) => /undos|INSERT INTO outbox/.test(text))
    }
    expect(await statements({ device_token })).toEqual([])
    expect(await statements({})).toHaveLength(2)
  })

  it('gives no tokens if the notice cannot be written, and is new again next time', async () => {
    const { email } = await known()
    const isolate = watchedIsolate()
    isolate.before = (texts) => (texts.some((text) => text.includes('undos')) ? lost() : undefined)
    const ip = freshAddress()
    const failing = await signIn(email, { ip, own: { ...isolate.env, BREAKER: CALM.BREAKER } })
    expect(failing.status).toBe(503)
    expect(noticesTo(email)).toBe(0)
    expect((await signIn(email, { ip })).status).toBe(200)
    expect(noticesTo(email)).toBe(1)
    await signIn(email, { ip })
    expect(noticesTo(email)).toBe(1)
  })

  it('is mailed after several steps, too, and gives no tokens if the notice cannot be written', async () => {
    const { id, email } = await known()
    const ip = freshAddress()
    const end = async (own: Env) => {
      const call = callBy({ own, ip, user_agent: PHONE })
      const user = (await findUser(env.DB, sql`id = ${id}`, call.registry.methods))!
      return finish(call, prove(call, { user, methods: ['password'] }))
    }
    const isolate = watchedIsolate()
    isolate.before = (texts) => (texts.some((text) => text.includes('undos')) ? lost() : undefined)
    await expect(end(isolate.env)).rejects.toMatchObject({ code: 'unavailable' })
    expect(await waitingFor(email)).toEqual([])
    expect(await end(ENV)).toMatchObject({ device_token: expect.stringMatching(/^lkd_/) as string })
    expect(await waitingFor(email)).toEqual(['new_device'])
    await end(ENV)
    expect(await waitingFor(email)).toEqual(['new_device'])
    await env.DB.prepare('DELETE FROM outbox').run()
  })

  it('is not mailed by a confirmation in a session', async () => {
    const { email, ip } = await known()
    const { access_token } = await (await signIn(email, { ip })).json<{ access_token: string }>()
    const headers = { ...bearer(access_token).headers, 'CF-Connecting-IP': freshAddress(), 'User-Agent': PHONE }
    expect((await call('POST', '/user/reauth', { json: { password: PASSWORD }, headers })).status).toBe(200)
    expect(noticesTo(email)).toBe(0)
  })

  it('keeps what a state from before says', async () => {
    const { email } = await known()
    await stateFor(email, ({ notices: _notices, unreported: _unreported, ...state }): State => state)
    await signIn(email)
    expect(noticesTo(email)).toBe(1)
    expect(JSON.stringify(await storedFor(email))).not.toContain('"unreported":["')
    expect(await env.DB.prepare('SELECT count(*) AS n FROM outbox').first('n')).toBe(0)
  })
})
