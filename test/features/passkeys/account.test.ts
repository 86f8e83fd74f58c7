import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { cutName, nameOf } from '../../../src/features/passkeys/names.ts'
import { base64url, fromBase64url } from '../../../src/lib/bytes.ts'
import {
  addPasskey,
  type Algorithm,
  askForPasskey,
  askToAdd,
  bearer,
  call,
  callIn,
  clock,
  ENV,
  eventsOf,
  expectProblem,
  freshDatabase,
  keyHolder,
  type Lies,
  login,
  member,
  type Member,
  Passkey,
  sessionFor,
  signInWith,
  subjectsTo,
  verify,
  press,
  reset,
} from '../../support.ts'

freshDatabase()

const rowOf = (id: string) => env.DB.prepare('SELECT * FROM passkeys WHERE id = ?').bind(id).first()
const countOf = (user_id: number) =>
  env.DB.prepare('SELECT count(*) AS n FROM passkeys WHERE user_id = ?').bind(user_id).first('n')
const epochOf = (id: number) => env.DB.prepare('SELECT epoch FROM users WHERE id = ?').bind(id).first<number>('epoch')
const add = (token: string, json: object) => call('POST', '/user/passkeys', { ...bearer(token), json })
const rename = (token: string, id: string, name: unknown) =>
  call('PATCH', `/user/passkeys/${id}`, { ...bearer(token), json: { name } })
const remove = (token: string, id: string, own = ENV) => callIn(own, 'DELETE', `/user/passkeys/${id}`, bearer(token))

const refusedAs = async (answer: Response, code: string) =>
  expect(await expectProblem(answer, 422, 'invalid_body')).toMatchObject({ errors: [{ field: 'credential', code }] })

describe('adding a passkey', () => {
  it.each(['ES256', 'RS256', 'EdDSA'] as Algorithm[])('stores what signs in later (%s)', async (algorithm) => {
    const user = await member()
    const passkey = await Passkey.make({ algorithm, counter: 3 })
    passkey.backup = { be: true, bs: false }
    const epoch = await epochOf(user.id)
    const answer = await addPasskey(user.token, passkey)
    expect(answer.status).toBe(201)
    const now = Date.now() / 1000
    expect(await answer.json()).toEqual({
      id: passkey.id,
      type: 'passkey',
      name: 'Passkey',
      created_at: now,
      last_used_at: null,
    })
    expect(await rowOf(passkey.id)).toMatchObject({
      user_id: user.id,
      counter: 3,
      user_verified: 1,
      backup_eligible: 1,
      backed_up: 0,
      transports: '["internal"]',
      last_used_at: null,
    })
    expect(await epochOf(user.id)).toBe(epoch! + 1)
    expect(await eventsOf(user.id)).toContain('passkey_added')
    expect(subjectsTo(user.email)).toEqual(['A passkey was added'])
  })

  it('names the options for this account, with a handle that is not its id', async () => {
    const user = await keyHolder()
    const publicKey = await askToAdd(user.token)
    expect(publicKey).toMatchObject({
      rp: { id: 'login.example', name: 'Latchkey' },
      user: { id: user.passkey.userHandle, name: user.email, displayName: user.email },
      attestation: 'none',
      authenticatorSelection: { residentKey: 'required', requireResidentKey: true, userVerification: 'preferred' },
      excludeCredentials: [{ id: user.passkey.id, type: 'public-key', transports: ['internal'] }],
      pubKeyCredParams: [-8, -7, -257].map((alg) => ({ alg, type: 'public-key' })),
      timeout: 600_000,
    })
    expect(fromBase64url(publicKey.user.id)).toHaveLength(32)
    const other = await askToAdd((await member()).token)
    expect(other.user.id).not.toBe(publicKey.user.id)
    expect(other.excludeCredentials).toEqual([])
  })

  it('is named by what made it, or by its person, cut between characters at 64 bytes', async () => {
    const user = await member()
    const aaguid = Uint8Array.from('bada5566a7aa401fbd9645619a55120d'.match(/../g)!, (hex) => parseInt(hex, 16))
    const known = await addPasskey(user.token, await Passkey.make(), { aaguid })
    expect(await known.json()).toMatchObject({ name: '1Password' })
    const named = await addPasskey(user.token, await Passkey.make(), { name: ` ${'가'.repeat(22)} ` })
    expect(await named.json()).toMatchObject({ name: '가'.repeat(21) })
    expect(cutName(`${'a'.repeat(60)}👩‍👩‍👧‍👦`)).toBe('a'.repeat(60))
    expect(cutName('a'.repeat(64))).toBe('a'.repeat(64))
    expect(nameOf('00000000-0000-0000-0000-000000000000', 'ko')).toBe('패스키')
  })

  const wrong: [string, Lies][] = [
    ['of another site', { origin: 'https://evil.example' }],
    ['for another host', { host: 'example' }],
    ['made as a sign-in', { type: 'webauthn.get' }],
    ['made in a frame of another site', { clientData: { crossOrigin: true } }],
    ['made below another site', { clientData: { topOrigin: 'https://evil.example' } }],
    ['without anybody present', { up: false }],
    ['with an algorithm that was not asked for', { alg: -35 }],
    ['with a key that is none of its algorithm', { alg: -257 }],
    ['that is backed up though it cannot be', { be: false, bs: true }],
    ['under another id', { id: 'A'.repeat(43) }],
  ]
  it.each(wrong)('is refused %s', async (_how, lies) => {
    const user = await member()
    await refusedAs(await addPasskey(user.token, await Passkey.make(), lies), 'not_accepted')
    expect(await countOf(user.id)).toBe(0)
    expect(subjectsTo(user.email)).toEqual([])
  })

  it.each(['packed', 'fido-u2f', 'android-key', 'tpm', 'apple', 'unknown'])(
    'does not read a statement of the kind %s, which proves nothing',
    async (fmt) => {
      const user = await member()
      const passkey = await Passkey.make()
      expect((await addPasskey(user.token, passkey, { fmt })).status).toBe(201)
      expect((await signInWith(passkey)).status).toBe(200)
    },
  )

  it('takes only the challenge of this account, session and ceremony, within ten minutes, under the same epoch', async () => {
    const [ann, bob] = [await member(), await member()]
    const other = await sessionFor(ann.id)
    const passkey = await Passkey.make()
    const own = await askToAdd(ann.token)
    const login = await askForPasskey()
    const challenges = [
      (await askToAdd(bob.token)).challenge,
      (await askToAdd(other.token)).challenge,
      login.publicKey.challenge,
      base64url(new TextEncoder().encode(login.ticket)),
      'AAAA',
      `${own.challenge.slice(0, -2)}AA`,
    ]
    for (const challenge of challenges) {
      const credential = await passkey.register({ ...own, challenge })
      await expectProblem(await add(ann.token, { credential }), 401, 'invalid_ticket')
    }
    const credential = await passkey.register(own)
    await env.DB.prepare('UPDATE users SET epoch = epoch + 1 WHERE id = ?').bind(ann.id).run()
    await expectProblem(await add(ann.token, { credential }), 401, 'invalid_ticket')
    const late = await passkey.register(await askToAdd(ann.token))
    clock.forward(600)
    await expectProblem(await add(ann.token, { credential: late }), 401, 'invalid_ticket')
    expect(await countOf(ann.id)).toBe(0)
  })

  it('takes no challenge of a registration for a sign-in', async () => {
    const user = await keyHolder()
    const { challenge } = await askToAdd(user.token)
    const { ticket } = await askForPasskey()
    const text = new TextDecoder().decode(fromBase64url(challenge))
    const credential = await user.passkey.use({ challenge })
    const ask = (json: object) => call('POST', '/user/login/passkey', { json })
    await expectProblem(await ask({ ticket: text, credential }), 401, 'invalid_ticket')
    await expectProblem(await ask({ ticket, credential }), 401, 'invalid_credentials')
  })

  it('lets one of fifty win', async () => {
    const user = await member()
    const passkey = await Passkey.make()
    const credential = await passkey.register(await askToAdd(user.token))
    const answers = await Promise.all(Array.from({ length: 50 }, () => add(user.token, { credential })))
    expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([
      201,
      ...Array.from({ length: 49 }, () => 401),
    ])
    expect(await countOf(user.id)).toBe(1)
    expect((await eventsOf(user.id)).filter((event) => event === 'passkey_added')).toHaveLength(1)
    expect((await signInWith(passkey)).status).toBe(200)
  })

  it('takes a credential once, whoever brings it', async () => {
    const [ann, bob] = [await keyHolder(), await member()]
    const handle = ann.passkey.userHandle
    await expectProblem(await addPasskey(ann.token, ann.passkey), 401, 'invalid_credentials')
    await expectProblem(await addPasskey(bob.token, ann.passkey), 401, 'invalid_credentials')
    ann.passkey.userHandle = handle
    expect(await rowOf(ann.passkey.id)).toMatchObject({ user_id: ann.id })
    expect((await signInWith(ann.passkey)).status).toBe(200)
    expect(await countOf(bob.id)).toBe(0)
  })

  it('stops at twenty, also where several arrive at once', async () => {
    const user = await member()
    const first = await askToAdd(user.token)
    const epoch = await epochOf(user.id)
    const row = env.DB.prepare(
      `INSERT INTO passkeys (id, user_id, public_key, counter, user_verified, backup_eligible, backed_up, aaguid, name,
         created_at)
       SELECT 'many-' || CAST(? AS INTEGER) || '-' || value, ?, 'x', 0, 1, 0, 0, 'x', 'x', 0 FROM json_each('[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19]')`,
    )
    await row.bind(user.id, user.id).run()
    await env.DB.prepare('UPDATE users SET epoch = ? WHERE id = ?').bind(epoch, user.id).run()
    const passkeys = await Promise.all(Array.from({ length: 5 }, () => Passkey.make()))
    const all = await Promise.all([1, 2, 3, 4].map(() => askToAdd(user.token)))
    const credentials = await Promise.all([first, ...all].map((options, i) => passkeys[i]!.register(options)))
    const answers = await Promise.all(credentials.map((credential) => add(user.token, { credential })))
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1)
    expect(await countOf(user.id)).toBe(20)
    await refusedAs(await call('POST', '/user/passkeys/options', bearer(user.token)), 'too_many')
    await refusedAs(await add(user.token, { credential: credentials[0] }), 'too_many')
  })

  it('takes what the account asks for: the password within ten minutes, or its second factor', async () => {
    const user = await keyHolder()
    clock.forward(601)
    for (const [method, path] of [
      ['POST', '/user/passkeys/options'],
      ['POST', '/user/passkeys'],
      ['PATCH', `/user/passkeys/${user.passkey.id}`],
      ['DELETE', `/user/passkeys/${user.passkey.id}`],
    ] as const) {
      await expectProblem(await call(method, path, bearer(user.token)), 401, 'fresh_login_required')
    }
    const again = await (await login(user.email)).json<{ access_token: string }>()
    expect((await call('POST', '/user/passkeys/options', bearer(again.access_token))).status).toBe(200)
    await env.DB.prepare('UPDATE users SET second_factor = 1 WHERE id = ?').bind(user.id).run()
    const refused = await call('POST', '/user/passkeys/options', bearer(again.access_token))
    expect(refused.headers.get('WWW-Authenticate')).toContain('acr_values="aal2"')
    await expectProblem(refused, 401, 'fresh_login_required')
    const strong = await (await signInWith(user.passkey)).json<{ access_token: string }>()
    expect((await call('POST', '/user/passkeys/options', bearer(strong.access_token))).status).toBe(200)
  })

  it('refuses a body of another shape without a look at the database beyond the guard', async () => {
    const user = await member()
    const credential = await (await Passkey.make()).register(await askToAdd(user.token))
    for (const json of [
      {},
      { credential: { ...credential, id: 'A' } },
      { credential: { ...credential, rawId: 'AAAA' } },
      { credential, name: '' },
      { credential, name: 'a\nb' },
      { credential, name: '\ud800' },
      { credential, name: 'x'.repeat(257) },
      { credential: { ...credential, response: { ...credential.response, transports: ['A B'] } } },
    ]) {
      await expectProblem(await add(user.token, json), 422, 'invalid_body')
    }
  })
})

describe('the passkeys of an account', () => {
  it('get another name', async () => {
    const [user, other] = [await keyHolder(), await member()]
    const answer = await rename(user.token, user.passkey.id, ' My laptop ')
    expect(answer.status).toBe(200)
    expect(await answer.json()).toMatchObject({ id: user.passkey.id, type: 'passkey', name: 'My laptop' })
    expect(await eventsOf(user.id)).toContain('passkey_renamed')
    await expectProblem(await rename(other.token, user.passkey.id, 'Mine'), 404, 'not_found')
    await expectProblem(await rename(user.token, 'nothing', 'x'), 404, 'not_found')
    await expectProblem(await rename(user.token, user.passkey.id, 7), 422, 'invalid_body')
    expect(await rowOf(user.passkey.id)).toMatchObject({ name: 'My laptop' })
    expect(await eventsOf(other.id)).not.toContain('passkey_renamed')
  })

  it('are removed, by their owner', async () => {
    const [user, other] = [await keyHolder(), await member()]
    const begun = await askForPasskey()
    const epoch = await epochOf(user.id)
    await expectProblem(await remove(other.token, user.passkey.id), 404, 'not_found')
    expect((await remove(user.token, user.passkey.id)).status).toBe(204)
    await expectProblem(await remove(user.token, user.passkey.id), 404, 'not_found')
    expect(await epochOf(user.id)).toBeGreaterThan(epoch!)
    expect((await eventsOf(user.id)).filter((event) => event === 'passkey_removed')).toHaveLength(1)
    expect(subjectsTo(user.email)).toEqual(['A passkey was added', 'A passkey was removed'])
    const credential = await user.passkey.use(begun.publicKey)
    const json = { ticket: begun.ticket, credential }
    const refused = await expectProblem(await call('POST', '/user/login/passkey', { json }), 401, 'invalid_credentials')
    expect(refused).toMatchObject({ unknown_credential: true })
  })

  it('keep the last way in, also where two are removed at once', async () => {
    const user = await keyHolder()
    const own = { ...ENV, LOGIN_CODES: 'off' } as Env
    const second = await Passkey.make()
    expect((await addPasskey(user.token, second)).status).toBe(201)
    await env.DB.prepare('UPDATE users SET hashed_password = NULL WHERE id = ?').bind(user.id).run()
    const { access_token } = await (await signInWith(second)).json<{ access_token: string }>()
    const answers = await Promise.all([user.passkey.id, second.id].map((id) => remove(access_token, id, own)))
    expect(answers.map(({ status }) => status).sort((a, b) => a - b)).not.toEqual([204, 204])
    expect(await countOf(user.id)).toBe(1)
    const [{ id } = { id: '' }] = (
      await env.DB.prepare('SELECT id FROM passkeys WHERE user_id = ?').bind(user.id).all<{ id: string }>()
    ).results
    await expectProblem(await remove(access_token, id, own), 409, 'last_way_in')
    expect(await countOf(user.id)).toBe(1)
    expect((await eventsOf(user.id)).filter((event) => event === 'passkey_removed')).toHaveLength(1)
  })

  it('switch off the second factor when the last one goes, with its recovery codes', async () => {
    const user = await keyHolder()
    await env.DB.batch([
      env.DB.prepare('UPDATE users SET second_factor = 1 WHERE id = ?').bind(user.id),
      env.DB.prepare("INSERT INTO recovery_codes (user_id, hash) VALUES (?, '" + 'x'.repeat(43) + "')").bind(user.id),
    ])
    const { access_token } = await (await signInWith(user.passkey)).json<{ access_token: string }>()
    expect((await remove(access_token, user.passkey.id)).status).toBe(204)
    const state = env.DB.prepare(
      'SELECT second_factor, (SELECT count(*) FROM recovery_codes WHERE user_id = users.id) AS codes FROM users WHERE id = ?',
    )
    expect(await state.bind(user.id).first()).toEqual({ second_factor: 0, codes: 0 })
    expect((await login(user.email)).status).toBe(200)
  })

  it('are in the export, without their keys', async () => {
    const user = await keyHolder()
    const answer = await call('GET', '/user/me/export', bearer(user.token))
    const text = await answer.text()
    expect(JSON.parse(text)).toMatchObject({
      passkeys: [{ id: user.passkey.id, name: 'Passkey' }],
      passkey_handles: [{ handle: user.passkey.userHandle }],
    })
    expect(text).not.toContain((await rowOf(user.passkey.id))!['public_key'])
  })

  it('go with the account', async () => {
    const user = await keyHolder()
    await env.DB.prepare('DELETE FROM users WHERE id = ?').bind(user.id).run()
    expect(await rowOf(user.passkey.id)).toBeNull()
    expect(await env.DB.prepare('SELECT 1 FROM passkey_handles WHERE user_id = ?').bind(user.id).first()).toBeNull()
  })
})

describe('an address that somebody else registered', () => {
  const LINK = { verify: 'v'.repeat(43), reset: 'r'.repeat(43) }
  const hashOf = async (token: string) =>
    base64url(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(token))))

  /** An account with a passkey whose address is not confirmed, and its mailed link. */
  async function pretended(purpose: 'verify' | 'reset', n: number): Promise<[Member & { passkey: Passkey }, string]> {
    const user = await keyHolder()
    const token = LINK[purpose].slice(0, -1) + n
    await env.DB.batch([
      env.DB.prepare('UPDATE users SET email_verified = 0 WHERE id = ?').bind(user.id),
      env.DB.prepare(
        `INSERT INTO one_time_tokens (user_id, purpose, hash, email, expires_at, epoch)
         SELECT id, ?, ?, email, unixepoch() + 3600, epoch FROM users WHERE id = ?`,
      ).bind(purpose, await hashOf(token), user.id),
    ])
    return [user, token]
  }

  it('keeps no passkey of theirs when its owner confirms it without their password', async () => {
    const [user, token] = await pretended('verify', 1)
    expect((await press(token)).status).toBe(204)
    expect(await countOf(user.id)).toBe(0)
    expect(await env.DB.prepare('SELECT 1 FROM passkey_handles WHERE user_id = ?').bind(user.id).first()).toBeNull()
    await expectProblem(await signInWith(user.passkey), 401, 'invalid_credentials')
  })

  it('keeps none when its owner sets a password', async () => {
    const [user, token] = await pretended('reset', 2)
    expect((await reset(token)).status).toBe(204)
    expect(await countOf(user.id)).toBe(0)
    await expectProblem(await signInWith(user.passkey), 401, 'invalid_credentials')
  })

  it('keeps the passkey of whoever confirms it with the password of the account', async () => {
    const [user, token] = await pretended('verify', 3)
    expect((await verify(token)).status).toBe(204)
    expect((await signInWith(user.passkey)).status).toBe(200)
  })

  it('is not what a reset of a confirmed account is: that removes no factor', async () => {
    const [user, token] = await pretended('reset', 4)
    await env.DB.prepare('UPDATE users SET email_verified = 1 WHERE id = ?').bind(user.id).run()
    expect((await reset(token)).status).toBe(204)
    expect((await signInWith(user.passkey)).status).toBe(200)
  })
})

describe('/.well-known/passkey-endpoints', () => {
  it('says where passkeys are managed, on the host of the settings', async () => {
    const answer = await call('GET', '/.well-known/passkey-endpoints', { headers: { Host: 'evil.example' } })
    expect(answer.status).toBe(200)
    const page = 'https://login.example/account/passkeys'
    expect(await answer.json()).toEqual({ enroll: page, manage: page })
    const own = { ...ENV, PUBLIC_URL: '' }
    await expectProblem(await callIn(own, 'GET', '/.well-known/passkey-endpoints'), 503, 'not_ready')
  })
})
