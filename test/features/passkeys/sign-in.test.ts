import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { newTicket, writeTicket } from '../../../src/core/ticket.ts'
import {
  type Algorithm,
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
  login,
  member,
  Passkey,
  signInWith,
  stateFor,
  subjectsTo,
  watchedIsolate,
} from '../../support.ts'

freshDatabase()

const askForTwo = (id: number) => env.DB.prepare('UPDATE users SET second_factor = 1 WHERE id = ?').bind(id).run()
const present = (json: object) => call('POST', '/user/login/passkey', { json })
const sessionsOf = async (id: number) =>
  (await env.DB.prepare('SELECT methods FROM sessions WHERE user_id = ?').bind(id).all<{ methods: string }>()).results
const rowOf = (id: string) => env.DB.prepare('SELECT * FROM passkeys WHERE id = ?').bind(id).first()

/** The ticket of a first step by password. */
async function afterPassword(email: string): Promise<string> {
  const { ticket } = await expectProblem(await login(email), 403, 'second_factor_required')
  return ticket as string
}

describe('a sign-in with a passkey', () => {
  it.each(['ES256', 'RS256', 'EdDSA'] as Algorithm[])('is two factors in one (%s)', async (algorithm) => {
    const user = await keyHolder({ algorithm })
    const answer = await signInWith(user.passkey)
    expect(answer.status).toBe(200)
    const { access_token } = await answer.json<{ access_token: string }>()
    expect(claimsOf(access_token)).toMatchObject({ user_id: user.id, acr: 'aal2', amr: ['pop', 'mfa'] })
    expect(await sessionsOf(user.id)).toContainEqual({ methods: '["passkey","user_verification"]' })
    expect((await stateFor(user.email)).devices).toHaveLength(1)
  })

  it('begins alike for everybody, and names no passkey', async () => {
    const user = await keyHolder()
    await askForTwo(user.id)
    const answers = [await askForPasskey(), await askForPasskey(await afterPassword(user.email))]
    for (const { ticket, publicKey, expires_in } of answers) {
      expect(ticket).toMatch(/^lkt_/)
      expect(expires_in).toBe(600)
      const { challenge, ...rest } = publicKey
      expect(challenge).toMatch(/^[\w-]{43}$/)
      expect(rest).toEqual({ rpId: 'login.example', timeout: 600_000, userVerification: 'preferred' })
    }
  })

  it('asks for another factor where the device did not verify its user', async () => {
    const user = await keyHolder()
    const problem = await expectProblem(await signInWith(user.passkey, { uv: false }), 403, 'second_factor_required')
    expect(problem).toMatchObject({
      ticket: expect.stringMatching(/^lkt_/),
      methods: ['password', 'code'],
      expires_in: 600,
    })
    expect(await sessionsOf(user.id)).toHaveLength(1)
    expect((await stateFor(user.email)).devices).toEqual([])
  })

  it.each([true, false])('is the second step after the password (user verification: %s)', async (uv) => {
    const user = await keyHolder()
    await askForTwo(user.id)
    const ticket = await afterPassword(user.email)
    clock.forward(100)
    const { expires_in } = await askForPasskey(ticket)
    expect(expires_in).toBe(500)
    const answer = await signInWith(user.passkey, { uv }, ticket)
    expect(answer.status).toBe(200)
    const { access_token } = await answer.json<{ access_token: string }>()
    expect(claimsOf(access_token)).toMatchObject({ user_id: user.id, acr: 'aal2' })
    const methods = uv ? '["password","passkey","user_verification"]' : '["password","passkey"]'
    expect(await sessionsOf(user.id)).toContainEqual({ methods })
    await expectProblem(await signInWith(user.passkey, { uv }, ticket), 401, 'invalid_ticket')
  })

  it('changes nothing for the password, which goes on working alone', async () => {
    const user = await keyHolder()
    expect((await login(user.email)).status).toBe(200)
  })

  const wrong: [string, Lies][] = [
    ['of another site', { origin: 'https://evil.example' }],
    ['of a page beside ours', { origin: 'https://login.example.evil' }],
    ['of our host without TLS', { origin: 'http://login.example' }],
    ['for another host', { host: 'example' }],
    ['made as a registration', { type: 'webauthn.create' }],
    ['made in a frame of another site', { clientData: { crossOrigin: true } }],
    ['made in a frame that names its site', { clientData: { crossOrigin: true, topOrigin: 'https://login.example' } }],
    ['made below another site', { clientData: { topOrigin: 'https://evil.example' } }],
    ['without anybody present', { up: false, uv: false }],
    ['to another challenge', { challenge: 'A'.repeat(43) }],
    ['with another user handle', { userHandle: 'A'.repeat(43) }],
    ['that is backed up though it cannot be', { be: false, bs: true }],
  ]
  it.each(wrong)('refuses an assertion %s, and spends the challenge', async (_how, lies) => {
    const user = await keyHolder()
    const { ticket, publicKey } = await askForPasskey()
    const problem = await expectProblem(
      await present({ ticket, credential: await user.passkey.use(publicKey, lies) }),
      401,
      'invalid_credentials',
    )
    expect(problem).not.toHaveProperty('unknown_credential')
    expect(await eventsOf(user.id)).toContain('login_failed: wrong_passkey')
    const right = await present({ ticket, credential: await user.passkey.use(publicKey) })
    await expectProblem(right, 401, 'invalid_credentials')
    expect(await sessionsOf(user.id)).toHaveLength(1)
  })

  it('says where a passkey is not known, so that the browser can have it forgotten', async () => {
    const unknown = await Passkey.make()
    unknown.userHandle = 'A'.repeat(43)
    const problem = await expectProblem(await signInWith(unknown), 401, 'invalid_credentials')
    expect(problem).toMatchObject({ unknown_credential: true })
  })

  it('does the same work for an unknown passkey as for a wrong signature', async () => {
    const user = await keyHolder()
    const stranger = await Passkey.make()
    stranger.userHandle = user.passkey.userHandle
    const asked = []
    for (const credentialId of [user.passkey.id, stranger.id]) {
      const { ticket, publicKey } = await askForPasskey()
      const isolate = watchedIsolate()
      const credential = await stranger.use(publicKey, { id: credentialId })
      const answer = await callIn(isolate.env, 'POST', '/user/login/passkey', { json: { ticket, credential } })
      await expectProblem(answer, 401, 'invalid_credentials')
      asked.push(isolate.texts.map((text) => text.replace(/\s+/g, ' ')))
    }
    expect(asked[1]).toEqual(asked[0])
  })

  it('takes the signature of no other passkey, nor the passkey of another user', async () => {
    const [ann, bob] = [await keyHolder(), await keyHolder()]
    const signed = await signInWith(bob.passkey, { id: ann.passkey.id, userHandle: ann.passkey.userHandle })
    await expectProblem(signed, 401, 'invalid_credentials')
    const handed = await signInWith(bob.passkey, { userHandle: ann.passkey.userHandle })
    await expectProblem(handed, 401, 'invalid_credentials')
    await askForTwo(ann.id)
    const second = await signInWith(bob.passkey, {}, await afterPassword(ann.email))
    await expectProblem(second, 401, 'invalid_credentials')
    expect(await sessionsOf(ann.id)).toHaveLength(1)
    expect(await sessionsOf(bob.id)).toHaveLength(1)
  })

  it.each([{}, { uv: false }])(
    'works once: the same answer again is refused, and is no copied passkey (%o)',
    async (lies) => {
      const user = await keyHolder({ counter: 5 })
      const { ticket, publicKey } = await askForPasskey()
      const credential = await user.passkey.use(publicKey, lies)
      expect((await present({ ticket, credential })).status).toBe('uv' in lies ? 403 : 200)
      await expectProblem(await present({ ticket, credential }), 401, 'invalid_credentials')
      expect((await eventsOf(user.id)).filter((event) => event.startsWith('passkey_'))).toEqual(['passkey_added'])
    },
  )

  it.each([undefined, 5])('lets one of fifty win (counter: %s)', async (counter) => {
    const user = await keyHolder(counter === undefined ? {} : { counter })
    const { ticket, publicKey } = await askForPasskey()
    const credential = await user.passkey.use(publicKey)
    const answers = await Promise.all(Array.from({ length: 50 }, () => present({ ticket, credential })))
    const statuses = answers.map(({ status }) => status).sort((a, b) => a - b)
    expect(statuses).toEqual([200, ...Array.from({ length: 49 }, () => 401)])
    expect(await sessionsOf(user.id)).toHaveLength(2)
    expect((await eventsOf(user.id)).filter((event) => event === 'passkey_copied')).toEqual([])
  })

  it('lets one session come of a first step, however many answers follow it', async () => {
    const user = await keyHolder()
    await askForTwo(user.id)
    const ticket = await afterPassword(user.email)
    const asked = await Promise.all(Array.from({ length: 5 }, () => askForPasskey(ticket)))
    const answers = await Promise.all(
      asked.map(async (one) => present({ ticket: one.ticket, credential: await user.passkey.use(one.publicKey) })),
    )
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(await sessionsOf(user.id)).toHaveLength(2)
  })

  it('asks nothing of the database before the ticket and the shape are right', async () => {
    const user = await keyHolder()
    const { ticket, publicKey } = await askForPasskey()
    const credential = await user.passkey.use(publicKey)
    const now = callBy()
    const other = await writeTicket(now, 'login', newTicket(now, { data: publicKey.challenge }))
    const isolate = watchedIsolate()
    const ask = (json: object) => callIn(isolate.env, 'POST', '/user/login/passkey', { json })
    for (const wrongTicket of [other, '', 'lkt_', `${ticket.slice(0, -1)}x`, user.token]) {
      await expectProblem(await ask({ ticket: wrongTicket, credential }), 401, 'invalid_ticket')
    }
    const { response } = credential
    for (const malformed of [
      { ...credential, rawId: 'AAAA' },
      { ...credential, id: `${credential.id}=` },
      { ...credential, type: 'password' },
      { ...credential, response: { ...response, signature: 'A' } },
      { ...credential, response: { ...response, signature: '_x' } }, // bits that mean nothing are set
      { ...credential, response: { ...response, userHandle: undefined } },
      { ...credential, response: { ...response, clientDataJSON: 7 } },
    ]) {
      await expectProblem(await ask({ ticket, credential: malformed }), 422, 'invalid_body')
    }
    expect(isolate.calls).toEqual([])
    expect((await ask({ ticket, credential })).status).toBe(200)
  })

  it('is void after ten minutes, and after a change of the account', async () => {
    const user = await keyHolder()
    const { ticket, publicKey } = await askForPasskey()
    const credential = await user.passkey.use(publicKey)
    await askForTwo(user.id)
    const first = await afterPassword(user.email)
    await env.DB.prepare('UPDATE users SET epoch = epoch + 1 WHERE id = ?').bind(user.id).run()
    await expectProblem(await signInWith(user.passkey, {}, first), 401, 'invalid_ticket')
    clock.forward(600)
    await expectProblem(await present({ ticket, credential }), 401, 'invalid_ticket')
  })

  it('is refused if the passkey is removed while it is verified', async () => {
    const user = await keyHolder()
    const { ticket, publicKey } = await askForPasskey()
    const credential = await user.passkey.use(publicKey)
    const isolate = watchedIsolate()
    isolate.before = async (texts) => {
      if (texts.some((text) => text.includes('INSERT INTO sessions'))) {
        await env.DB.prepare('DELETE FROM passkeys WHERE id = ?').bind(user.passkey.id).run()
      }
    }
    const answer = await callIn(isolate.env, 'POST', '/user/login/passkey', { json: { ticket, credential } })
    await expectProblem(answer, 401, 'invalid_ticket')
    expect(await sessionsOf(user.id)).toHaveLength(1)
  })

  it('tells only the holder of the passkey that the account is disabled, or its address unconfirmed', async () => {
    const [disabled, unconfirmed] = [await keyHolder(), await keyHolder()]
    await env.DB.prepare('UPDATE users SET disabled_at = 1 WHERE id = ?').bind(disabled.id).run()
    await env.DB.prepare('UPDATE users SET email_verified = 0 WHERE id = ?').bind(unconfirmed.id).run()
    await expectProblem(await signInWith(disabled.passkey, { host: 'x' }), 401, 'invalid_credentials')
    await expectProblem(await signInWith(disabled.passkey), 403, 'account_disabled')
    await expectProblem(await signInWith(unconfirmed.passkey), 403, 'email_not_verified')
    expect(subjectsTo(unconfirmed.email)).toContain('Confirm your email address')
  })

  it.each(['PUBLIC_URL', 'LATCHKEY_SECRET'])('needs %s', async (name) => {
    const own = { ...ENV, [name]: '' }
    for (const [path, init] of [
      ['/user/login/passkey/options', { json: {} }],
      ['/user/passkeys/options', bearer((await member()).token)],
    ] as const) {
      const problem = await expectProblem(await callIn(own, 'POST', path, init), 503, 'not_ready')
      expect(problem.errors).toEqual([{ field: name, code: 'missing' }])
    }
  })
})

describe('guesses with a passkey', () => {
  it('count against the account whose first step was right, apart from passwords', async () => {
    const user = await keyHolder()
    await askForTwo(user.id)
    const ticket = await afterPassword(user.email)
    for (let i = 0; i < 5; i++) {
      await expectProblem(await signInWith(user.passkey, { host: 'x' }, ticket), 401, 'invalid_credentials')
    }
    await expectProblem(await signInWith(user.passkey, {}, await afterPassword(user.email)), 429, 'too_many_attempts')
    expect((await stateFor(user.email)).buckets).toEqual({
      'passkey: stranger': expect.objectContaining({ failures: 5 }),
    })
    expect((await signInWith(user.passkey)).status).toBe(200) // nobody was named: it is no guess
  })
})

describe('the counter of a passkey', () => {
  it('rises with each sign-in', async () => {
    const user = await keyHolder({ counter: 7 })
    expect(await rowOf(user.passkey.id)).toMatchObject({ counter: 7, last_used_at: null })
    expect((await signInWith(user.passkey)).status).toBe(200)
    expect(await rowOf(user.passkey.id)).toMatchObject({ counter: 8, last_used_at: Date.now() / 1000 })
    expect((await signInWith(user.passkey, { counter: 4_294_967_295 })).status).toBe(200)
    expect(await rowOf(user.passkey.id)).toMatchObject({ counter: 4_294_967_295 })
  })

  it.each([9, 8, 0])('means a copy where it does not rise: refused, and told once a day (%s)', async (counter) => {
    const user = await keyHolder({ counter: 9 })
    for (let i = 0; i < 2; i++) {
      await expectProblem(await signInWith(user.passkey, { counter }), 401, 'invalid_credentials')
    }
    await expectProblem(await signInWith(user.passkey, { counter, be: true, bs: true }), 401, 'invalid_credentials')
    expect((await eventsOf(user.id)).filter((event) => event === 'passkey_copied')).toHaveLength(3)
    const told = () => subjectsTo(user.email).filter((subject) => subject === 'A passkey may have been copied').length
    expect(told()).toBe(1)
    clock.forward(86_401)
    await expectProblem(await signInWith(user.passkey, { counter }), 401, 'invalid_credentials')
    expect(told()).toBe(2)
    expect(await rowOf(user.passkey.id)).toMatchObject({ counter: 9 })
    expect(await sessionsOf(user.id)).toHaveLength(1)
  })

  it('says nothing before the signature is right', async () => {
    const user = await keyHolder({ counter: 9 })
    const stranger = await Passkey.make()
    const lies = { counter: 1, id: user.passkey.id, userHandle: user.passkey.userHandle }
    await expectProblem(await signInWith(stranger, lies), 401, 'invalid_credentials')
    expect(await eventsOf(user.id)).not.toContain('passkey_copied')
  })

  it('may fall where the passkey is synced, which is noted', async () => {
    const user = await keyHolder({ counter: 9, be: true })
    for (const counter of [9, 3, 0, 0]) expect((await signInWith(user.passkey, { counter })).status).toBe(200)
    expect((await eventsOf(user.id)).filter((event) => event.startsWith('passkey_copied'))).toEqual([
      'passkey_copied: synced',
      'passkey_copied: synced',
      'passkey_copied: synced',
    ])
    expect(await rowOf(user.passkey.id)).toMatchObject({ counter: 0 })
  })

  it('lets one of two assertions win that were made at once', async () => {
    const user = await keyHolder({ counter: 5 })
    const asked = [await askForPasskey(), await askForPasskey()]
    const json = []
    for (const { ticket, publicKey } of asked)
      json.push({ ticket, credential: await user.passkey.use(publicKey, { counter: 7 }) })
    const answers = await Promise.all(json.map(present))
    expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([200, 401])
  })
})

describe('backup flags', () => {
  it('are stored anew at each sign-in', async () => {
    const user = await keyHolder()
    expect((await signInWith(user.passkey, { be: true, bs: false })).status).toBe(200)
    expect(await rowOf(user.passkey.id)).toMatchObject({ backup_eligible: 1, backed_up: 0 })
    expect((await signInWith(user.passkey, { be: true, bs: true })).status).toBe(200)
    expect(await rowOf(user.passkey.id)).toMatchObject({ backup_eligible: 1, backed_up: 1 })
    expect((await signInWith(user.passkey)).status).toBe(200)
    expect(await rowOf(user.passkey.id)).toMatchObject({ backup_eligible: 0, backed_up: 0 })
  })
})
