import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { words } from '../../../src/features/passkeys/words.ts'
import { newTicket, writeTicket } from '../../../src/core/ticket.ts'
import {
  askForPasskey,
  bearer,
  call,
  callBy,
  callIn,
  claimsOf,
  clock,
  ENV,
  eventsOf,
  expectProblem,
  freshDatabase,
  keyHolder,
  type Lies,
  mailedCode,
  member,
  Passkey,
  signInWith,
  stateFor,
  SAME_ORIGIN,
} from '../../support.ts'

freshDatabase()

const EVERYONE = { ...ENV, SECOND_FACTOR: 'everyone' } as Env
const ask = (path: string, json: object, own = EVERYONE) => callIn(own, 'POST', `/user/login/passkey/${path}`, { json })
const epochOf = (id: number) => env.DB.prepare('SELECT epoch FROM users WHERE id = ?').bind(id).first<number>('epoch')

/** The ticket of a sign-in that showed these methods. */
async function ticketAfter(id: number, methods: string[]): Promise<string> {
  const now = callBy()
  return writeTicket(now, 'login', newTicket(now, { user: { id, epoch: (await epochOf(id))! }, methods }))
}

type Begun = { ticket: string; publicKey: { challenge: string; user: { id: string } } }

async function begin(ticket: string): Promise<Begun> {
  const answer = await ask('enrol', { ticket })
  expect(answer.status).toBe(200)
  return answer.json()
}

const confirm = async (ticket: string, passkey: Passkey, lies: Lies = {}) => {
  const begun = await begin(ticket)
  return ask('enrol/confirm', { ticket: begun.ticket, credential: await passkey.register(begun.publicKey, lies) })
}

describe('a passkey that a sign-in must enrol', () => {
  it('ends the sign-in with two factors, and gives recovery codes', async () => {
    const user = await member()
    const passkey = await Passkey.make()
    const answer = await confirm(await ticketAfter(user.id, ['password', 'code']), passkey)
    expect(answer.status).toBe(200)
    const body = await answer.json<{ access_token: string; recovery_codes: string[] }>()
    expect(claimsOf(body.access_token)).toMatchObject({ user_id: user.id, acr: 'aal2' })
    expect(body.recovery_codes).toHaveLength(10)
    const state = env.DB.prepare(
      `SELECT second_factor, (SELECT count(*) FROM recovery_codes WHERE user_id = users.id) AS codes,
         (SELECT methods FROM sessions WHERE user_id = users.id AND methods LIKE '%passkey%') AS methods
       FROM users WHERE id = ?`,
    )
    expect(await state.bind(user.id).first()).toEqual({
      second_factor: 1,
      codes: 10,
      methods: '["password","code","passkey","user_verification"]',
    })
    expect(await eventsOf(user.id)).toContain('passkey_added')
    expect((await signInWith(passkey)).status).toBe(200)
  })

  it.each([
    ['without a mailed code', ['password'], EVERYONE],
    ['where the settings demand nothing', ['password', 'code'], ENV],
  ] as const)('is not begun %s', async (_when, methods, own) => {
    const user = await member()
    const ticket = await ticketAfter(user.id, [...methods])
    await expectProblem(await ask('enrol', { ticket }, own), 401, 'invalid_ticket')
    const credential = await (await Passkey.make()).register({ challenge: 'AAAA' })
    await expectProblem(await ask('enrol/confirm', { ticket, credential }, own), 401, 'invalid_ticket')
  })

  it('is not begun for an account that has a factor', async () => {
    const user = await keyHolder()
    const ticket = await ticketAfter(user.id, ['password', 'code'])
    await expectProblem(await ask('enrol', { ticket }), 401, 'invalid_ticket')
  })

  it('takes only the challenge of this sign-in', async () => {
    const user = await member()
    const [one, other] = [
      await ticketAfter(user.id, ['password', 'code']),
      await ticketAfter(user.id, ['password', 'code']),
    ]
    const credential = await (await Passkey.make()).register((await begin(other)).publicKey)
    await expectProblem(await ask('enrol/confirm', { ticket: one, credential }), 401, 'invalid_ticket')
    const { publicKey } = await begin(one)
    const late = await (await Passkey.make()).register(publicKey)
    clock.forward(600)
    await expectProblem(await ask('enrol/confirm', { ticket: one, credential: late }), 401, 'invalid_ticket')
  })

  it('lets one of fifty win, with one session and one set of codes', async () => {
    const user = await member()
    const ticket = await ticketAfter(user.id, ['password', 'code'])
    const { publicKey } = await begin(ticket)
    const credential = await (await Passkey.make()).register(publicKey)
    const answers = await Promise.all(Array.from({ length: 50 }, () => ask('enrol/confirm', { ticket, credential })))
    expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([
      200,
      ...Array.from({ length: 49 }, () => 401),
    ])
    const counts = env.DB.prepare(
      `SELECT (SELECT count(*) FROM passkeys WHERE user_id = ?1) AS passkeys,
         (SELECT count(*) FROM sessions WHERE user_id = ?1) AS sessions,
         (SELECT count(*) FROM recovery_codes WHERE user_id = ?1) AS codes`,
    )
    expect(await counts.bind(user.id).first()).toEqual({ passkeys: 1, sessions: 2, codes: 10 })
  })

  it('gives no session for a credential that belongs to somebody', async () => {
    const [user, other] = [await member(), await keyHolder()]
    const ticket = await ticketAfter(user.id, ['password', 'code'])
    const answer = await confirm(ticket, other.passkey)
    await expectProblem(answer, 401, 'invalid_ticket')
    expect(await env.DB.prepare('SELECT count(*) AS n FROM sessions WHERE user_id = ?').bind(user.id).first('n')).toBe(
      1,
    )
  })
})

describe('an account without a password that must enrol a factor', () => {
  async function keyless() {
    const user = await member()
    await env.DB.prepare('UPDATE users SET hashed_password = NULL WHERE id = ?').bind(user.id).run()
    return user
  }

  const signInByCode = async ({ email }: { email: string }) => {
    const asked = await callIn(EVERYONE, 'POST', '/user/login/code', { json: { email } })
    const { ticket } = await asked.json<{ ticket: string }>()
    const json = { ticket, code: mailedCode(email) }
    return callIn(EVERYONE, 'POST', '/user/login/code/verify', { json })
  }

  it('is offered a passkey alone, which completes the sign-in', async () => {
    const user = await keyless()
    const refused = await expectProblem(await signInByCode(user), 403, 'second_factor_enrolment_required')
    expect(refused['methods']).toEqual(['passkey'])
    const answer = await confirm(refused['ticket'] as string, await Passkey.make())
    expect(answer.status).toBe(200)
    expect(claimsOf((await answer.json<{ access_token: string }>()).access_token)).toMatchObject({ acr: 'aal2' })
  })

  it('enrols no app, which would not complete it, and loses nothing by trying', async () => {
    const user = await keyless()
    const ticket = await ticketAfter(user.id, ['code'])
    const app = (path: string, json: object) => callIn(EVERYONE, 'POST', `/user/login/totp/${path}`, { json })
    await expectProblem(await app('enrol', { ticket }), 401, 'invalid_ticket')
    await expectProblem(await app('enrol/confirm', { ticket, code: '000000' }), 401, 'invalid_ticket')
    expect(await env.DB.prepare('SELECT 1 FROM totp WHERE user_id = ?').bind(user.id).first()).toBeNull()
    expect((await confirm(ticket, await Passkey.make())).status).toBe(200)
  })

  it('is told what to do where the device did not verify its user, and loses nothing', async () => {
    const user = await keyless()
    const ticket = await ticketAfter(user.id, ['code'])
    const passkey = await Passkey.make()
    const { publicKey } = await begin(ticket)
    expect(publicKey).toMatchObject({ authenticatorSelection: { userVerification: 'required' } })
    const finish = async (lies: Lies) =>
      ask('enrol/confirm', { ticket, credential: await passkey.register(publicKey, lies) })
    const refused = await expectProblem(await finish({ uv: false }), 422, 'invalid_body')
    expect(refused.errors).toEqual([{ field: 'credential', code: 'not_verified' }])
    expect(await env.DB.prepare('SELECT 1 FROM passkeys WHERE user_id = ?').bind(user.id).first()).toBeNull()
    const form = { ticket, challenge: ticket, methods: 'passkey', enrols: 'yes' }
    const credential = JSON.stringify(await passkey.register(publicKey, { uv: false }))
    const page = await callIn(EVERYONE, 'POST', '/login/passkey/enrol', {
      body: new URLSearchParams({ ...form, credential }),
      headers: SAME_ORIGIN,
    })
    expect([page.status, await page.text()]).toEqual([422, expect.stringContaining(words.en.notVerified)])
    expect((await finish({})).status).toBe(200)
  })

  it('with one, is asked for no more than the passkey', async () => {
    const user = await member()
    const ticket = await ticketAfter(user.id, ['password', 'code'])
    expect((await confirm(ticket, await Passkey.make(), { uv: false })).status).toBe(200)
  })
})

describe('a passkey shown again', () => {
  const reauth = (token: string, json: object) => call('POST', '/user/reauth', { ...bearer(token), json })

  it('makes a session fresh, and raises its level', async () => {
    const user = await keyHolder()
    clock.forward(601)
    const { ticket, publicKey } = await askForPasskey()
    const credential = await user.passkey.use(publicKey)
    const answer = await reauth(user.token, { ticket, credential })
    expect(answer.status).toBe(200)
    const { access_token } = await answer.json<{ access_token: string }>()
    expect(claimsOf(access_token)).toMatchObject({ acr: 'aal2', auth_time: Date.now() / 1000 })
    expect((await call('POST', '/user/passkeys/options', bearer(access_token))).status).toBe(200)
    await expectProblem(await reauth(access_token, { ticket, credential }), 401, 'invalid_credentials')
  })

  it('is refused of another user, for another challenge, and with the ticket of a sign-in under way', async () => {
    const [ann, bob] = [await keyHolder(), await keyHolder()]
    const { ticket, publicKey } = await askForPasskey()
    await expectProblem(
      await reauth(ann.token, { ticket, credential: await bob.passkey.use(publicKey) }),
      401,
      'invalid_credentials',
    )
    expect(await eventsOf(bob.id)).not.toContain('login_failed: wrong_passkey')
    const again = await ann.passkey.use(publicKey)
    await expectProblem(await reauth(ann.token, { ticket, credential: again }), 401, 'invalid_credentials') // it is spent
    const under = await askForPasskey(await ticketAfter(ann.id, ['password']))
    const credential = await ann.passkey.use(under.publicKey)
    await expectProblem(await reauth(ann.token, { ticket: under.ticket, credential }), 401, 'invalid_ticket')
  })

  it('counts against all sessions together', async () => {
    const user = await keyHolder()
    const wrong = async () => {
      const { ticket, publicKey } = await askForPasskey()
      return reauth(user.token, { ticket, credential: await user.passkey.use(publicKey, { host: 'x' }) })
    }
    for (let i = 0; i < 5; i++) await expectProblem(await wrong(), 401, 'invalid_credentials')
    await expectProblem(await wrong(), 429, 'too_many_attempts')
    const { buckets } = await stateFor(user.email)
    expect(Object.keys(buckets)).toEqual(['passkey: sessions'])
  })

  it('lets one of fifty win', async () => {
    const user = await keyHolder()
    const { ticket, publicKey } = await askForPasskey()
    const credential = await user.passkey.use(publicKey)
    const answers = await Promise.all(Array.from({ length: 50 }, () => reauth(user.token, { ticket, credential })))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
  })
})

describe('passkeys among the factors', () => {
  it('are listed', async () => {
    const user = await keyHolder()
    const answer = await call('GET', '/user/factors', bearer(user.token))
    expect(await answer.json()).toMatchObject({
      factors: [{ id: user.passkey.id, type: 'passkey', name: 'Passkey', last_used_at: null }],
    })
  })

  it('are told to the webhook', async () => {
    const user = await keyHolder()
    expect((await call('DELETE', `/user/passkeys/${user.passkey.id}`, bearer(user.token))).status).toBe(204)
    const query = env.DB.prepare('SELECT type FROM webhook_outbox WHERE user_id = ? ORDER BY type').bind(user.id)
    const { results } = await query.all()
    expect(results).toEqual([{ type: 'passkey.added' }, { type: 'passkey.removed' }])
  })
})
