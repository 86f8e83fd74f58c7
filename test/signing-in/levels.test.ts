import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { Hono } from 'hono'
import { beforeAll, describe, expect, it } from 'vitest'
import { appOf, features } from '../../src/app.ts'
import { batch } from '../../src/core/d1.ts'
import { newRecoveryCodes, recoveryHash } from '../../src/core/users/recovery-codes.ts'
import { acrOf, secondAt, type Way } from '../../src/core/users/ways.ts'
import type { AppEnv } from '../../src/http/app-env.ts'
import { factorChange, factorRequired, freshLogin, loginRequired, roleRequired } from '../../src/http/guard.ts'
import { sql } from '../../src/lib/sql.ts'
import { claimsOf, clock, ENV, freshDatabase, member, now, PASSWORD, sessionFor } from '../support.ts'
import { answerTo, riddles } from './riddle.ts'

freshDatabase()

const guards = {
  name: 'guards',
  routes: new Hono<AppEnv>()
    .get('/guards/login', loginRequired, (c) => c.json({}))
    .get('/guards/fresh', freshLogin, (c) => c.json({}))
    .get('/guards/factor', factorRequired, (c) => c.json({}))
    .get('/guards/change', factorChange, (c) => c.json({}))
    .get('/guards/admin', roleRequired('admin', { fresh: true }), (c) => c.json({})),
}
const { app } = appOf([...features, riddles, guards])

beforeAll(() =>
  env.DB.batch([
    env.DB.prepare(
      'CREATE TABLE riddles (user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE, secret TEXT NOT NULL) STRICT',
    ),
    env.DB.prepare(`CREATE TRIGGER riddles_added AFTER INSERT ON riddles
      BEGIN UPDATE users SET epoch = epoch + 1, second_factor = 1 WHERE id = NEW.user_id; END`),
  ]),
)

type Answer = { status: number; challenge: string | null; body: Record<string, unknown> }

async function ask(method: string, path: string, { json, token, own = ENV }: Asked = {}): Promise<Answer> {
  const context = createExecutionContext()
  const headers = new Headers(token === undefined ? {} : { Authorization: `Bearer ${token}` })
  if (json !== undefined) headers.set('Content-Type', 'application/json')
  const init = { method, headers, ...(json !== undefined && { body: JSON.stringify(json) }) }
  const answer = await app.fetch(new Request(`http://latchkey.test${path}`, init), own, context)
  await waitOnExecutionContext(context)
  const text = await answer.text()
  const body = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>)
  return { status: answer.status, challenge: answer.headers.get('WWW-Authenticate'), body }
}
type Asked = { json?: object; token?: string; own?: Env }

const EVERYONE = { ...ENV, SECOND_FACTOR: 'everyone' } as unknown as Env
const ADMINS = { ...ENV, SECOND_FACTOR: 'admins' } as unknown as Env

async function guarded() {
  const user = await member()
  await env.DB.prepare('INSERT INTO riddles (user_id, secret) VALUES (?, ?)').bind(user.id, 'blue').run()
  return user
}

async function signInWithBoth(email: string) {
  const { body } = await ask('POST', '/user/login', { json: { email, password: PASSWORD } })
  const asked = await ask('POST', '/user/login/riddle/question', { json: { ticket: body.ticket } })
  const answer = answerTo('blue', asked.body.question as string)
  const signedIn = await ask('POST', '/user/login/riddle', { json: { ticket: asked.body.ticket, answer } })
  return signedIn.body as { access_token: string; refresh_token: string }
}

const statuses = (token: string, own: Env = ENV) =>
  Promise.all(
    ['login', 'fresh', 'factor', 'change'].map(
      async (path) => (await ask('GET', `/guards/${path}`, { token, own })).status,
    ),
  )

/** Pretends that a method was last shown then. */
const shownAt = (token: string, shown: Record<string, number>) =>
  env.DB.prepare('UPDATE sessions SET shown = ? WHERE id = ?').bind(JSON.stringify(shown), claimsOf(token).sid).run()

describe('the level of a session', () => {
  it('is aal1 with a password alone, which opens what does not ask for two', async () => {
    const { token } = await member()
    expect(claimsOf(token)).toMatchObject({ acr: 'aal1', amr: ['pwd'] })
    expect(await statuses(token)).toEqual([200, 200, 401, 200])
  })

  it('is aal2 with two factors, and a refresh says the same', async () => {
    const { email } = await guarded()
    const { access_token, refresh_token } = await signInWithBoth(email)
    expect(claimsOf(access_token)).toMatchObject({ acr: 'aal2', amr: ['pwd', 'mfa'] })
    expect(await statuses(access_token)).toEqual([200, 200, 200, 200])
    const refreshed = await ask('POST', '/user/refresh', { json: { refresh_token } })
    expect(claimsOf(refreshed.body.access_token as string)).toMatchObject({ acr: 'aal2', amr: ['pwd', 'mfa'] })
  })

  it('is raised by no refresh, where the account got a factor meanwhile', async () => {
    const { id, refresh_token } = await member()
    await env.DB.prepare('INSERT INTO riddles (user_id, secret) VALUES (?, ?)').bind(id, 'blue').run()
    const { body } = await ask('POST', '/user/refresh', { json: { refresh_token } })
    expect(claimsOf(body.access_token as string)).toMatchObject({ acr: 'aal1' })
    expect(await statuses(body.access_token as string)).toEqual([200, 401, 401, 401])
  })

  it('is told in the words of RFC 9470', async () => {
    const { token } = await member()
    const { body, challenge } = await ask('GET', '/guards/factor', { token })
    expect(body.code).toBe('step_up_required')
    expect(challenge).toContain('error="insufficient_user_authentication", acr_values="aal2"')
  })

  it('is kept by a password that is entered again, which is no second factor', async () => {
    const { email } = await guarded()
    const { access_token } = await signInWithBoth(email)
    clock.forward(700)
    expect(await statuses(access_token)).toEqual([200, 401, 200, 401])
    const again = await ask('POST', '/user/reauth', { json: { password: PASSWORD }, token: access_token })
    const token = again.body.access_token as string
    expect(claimsOf(token)).toMatchObject({ acr: 'aal2', auth_time: now() })
    expect(await statuses(token)).toEqual([200, 401, 200, 401])
    const { challenge } = await ask('GET', '/guards/fresh', { token })
    expect(challenge).toContain('acr_values="aal2", max_age=600')
  })

  it('counts a session of an older Worker as one of a password', async () => {
    const { token } = await member()
    await shownAt(token, {})
    expect(await statuses(token)).toEqual([200, 200, 401, 200])
  })
})

describe('what changes factors', () => {
  it('needs the password where the account has one, and no mailed code stands for it', async () => {
    const { token } = await member()
    await shownAt(token, { code: now() })
    expect(await statuses(token)).toEqual([200, 200, 401, 401])
  })

  it('needs a recent sign-in where it has none', async () => {
    const { id, token } = await member()
    await env.DB.prepare('UPDATE users SET hashed_password = NULL WHERE id = ?').bind(id).run()
    await shownAt(token, { code: now() })
    expect(await statuses(token)).toEqual([200, 200, 401, 200])
    clock.forward(700)
    expect(await statuses(token)).toEqual([200, 401, 401, 401])
  })

  it('needs the second factor where the account asks for one', async () => {
    const { email } = await guarded()
    const { access_token } = await signInWithBoth(email)
    await shownAt(access_token, { password: now(), riddle: now() - 601 })
    expect(await statuses(access_token)).toEqual([200, 401, 200, 401])
    await shownAt(access_token, { password: now() - 9_000, riddle: now() - 600 })
    expect(await statuses(access_token)).toEqual([200, 200, 200, 200])
  })

  it.each([
    ['POST', '/user/password', { current_password: PASSWORD, new_password: 'a brand new battery staple' }],
    ['POST', '/user/email', { email: 'elsewhere@example.com', password: PASSWORD }],
    ['DELETE', '/user/me', { password: PASSWORD }],
  ])('so do a new password, a new address, and the end: %s %s', async (method, path, json) => {
    const { email } = await guarded()
    const { access_token: token } = await signInWithBoth(email)
    await shownAt(token, { password: now(), riddle: now() - 601 })
    const refused = await ask(method, path, { json, token })
    expect([refused.status, refused.body.code]).toEqual([401, 'fresh_login_required'])
    await shownAt(token, { password: now(), riddle: now() })
    expect((await ask(method, path, { json, token })).status).toBeLessThan(300)
  })
})

describe('SECOND_FACTOR', () => {
  it.each([
    ['everyone', EVERYONE, '[]'],
    ['admins', ADMINS, '["admin"]'],
  ])(
    '%s: gives no session without a second factor, and a mailed code comes before its enrolment',
    async (_, own, roles) => {
      const { id, email, token } = await member()
      await env.DB.prepare('UPDATE users SET roles = ? WHERE id = ?').bind(roles, id).run()
      const { status, body } = await ask('POST', '/user/login', { json: { email, password: PASSWORD }, own })
      expect([status, body.code, body.methods]).toEqual([403, 'second_factor_enrolment_required', ['code']])
      const sessions = env.DB.prepare('SELECT count(*) AS n FROM sessions WHERE user_id = ?').bind(id)
      expect(await sessions.first()).toEqual({ n: 1 })
      // The session of before the setting, or the role, shows and changes nothing of the account.
      const me = await ask('GET', '/user/me', { token, own })
      expect([me.status, me.body.code]).toEqual([401, 'step_up_required'])
      expect(await statuses(token, own)).toEqual([200, 401, 401, 401])
      expect((await ask('GET', '/guards/admin', { token, own })).status).toBe(401)
      expect((await ask('POST', '/user/reauth', { json: { password: PASSWORD }, token, own })).status).toBe(200)
    },
  )

  it('admins: asks nobody else', async () => {
    const { email } = await member()
    expect((await ask('POST', '/user/login', { json: { email, password: PASSWORD }, own: ADMINS })).status).toBe(200)
  })

  it('lets a session of one factor end itself and the others', async () => {
    const { id, token } = await member()
    const other = await sessionFor(id)
    expect((await ask('POST', '/user/logout/everywhere', { token, own: EVERYONE })).status).toBe(204)
    expect((await ask('GET', '/guards/login', { token: other.token, own: EVERYONE })).status).toBe(401)
  })

  it('asks whoever has a factor, whatever it says', async () => {
    const { email } = await guarded()
    for (const SECOND_FACTOR of ['optional', 'off', 'admins', 'everyone']) {
      const own = { ...ENV, SECOND_FACTOR } as unknown as Env
      const { status, body } = await ask('POST', '/user/login', { json: { email, password: PASSWORD }, own })
      expect([SECOND_FACTOR, status, body.code, body.methods]).toEqual([
        SECOND_FACTOR,
        403,
        'second_factor_required',
        expect.arrayContaining(['riddle']),
      ])
    }
  })
})

describe('what counts as two factors', () => {
  const way = (name: string, kind: Way['kind']): Way => ({ name, kind, ways: sql`1` })
  const ways = [
    way('password', 'know'),
    way('code', 'vouched'),
    way('totp', 'have'),
    way('passkey', 'both'),
    way('identity', 'vouched'),
  ]

  it.each([
    [['password'], 'aal1'],
    [['password', 'code'], 'aal1'],
    [['code', 'totp'], 'aal1'],
    [['identity'], 'aal1'],
    [['identity', 'code'], 'aal1'],
    [['identity', 'totp'], 'aal1'],
    [['identity', 'password'], 'aal1'],
    [['identity', 'password', 'totp'], 'aal2'],
    [['password', 'totp'], 'aal2'],
    [['password', 'passkey'], 'aal2'],
    [['passkey'], 'aal1'],
    [['passkey', 'totp'], 'aal1'],
    [['passkey', 'user_verification'], 'aal2'],
    [['user_verification'], 'aal1'],
    [[], 'aal1'],
  ])('%s: %s', (shown, acr) => expect(acrOf(shown, ways)).toBe(acr))

  it('knows when something one has was last shown', () => {
    expect(secondAt({ password: 9, totp: 5, passkey: 7 }, ways)).toBe(7)
    expect(secondAt({ password: 9, code: 8, user_verification: 7, identity: 6 }, ways)).toBe(0)
  })
})

describe('recovery codes', () => {
  it('are ten, of 80 bits, in groups that can be copied by hand', async () => {
    const { codes } = await newRecoveryCodes({ now: now() })
    expect(new Set(codes).size).toBe(10)
    for (const code of codes) expect(code).toMatch(/^(?:[0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}$/)
  })

  it('are read however they are typed', async () => {
    const hash = await recoveryHash('01AB-CDEF-GHJK-MNPQ')
    for (const typed of [
      '01abcdefghjkmnpq',
      ' o1AB CDEF GHJK MNPQ ',
      'OIAB–CDEF–GHJK–MNPQ',
      '０1ABＣDEFGHJKMNPQ',
      'oLab cdefghjkmnpq',
    ]) {
      expect([typed, await recoveryHash(typed)]).toEqual([typed, hash])
    }
    expect(await recoveryHash('01AB-CDEF-GHJK-MNPR')).not.toBe(hash)
  })

  it('replace the old ones of the same account only', async () => {
    const [ann, bob] = [await member(), await member()]
    const written: Record<number, string[]> = {}
    for (const { id } of [ann, bob, ann]) {
      const { codes, statements } = await newRecoveryCodes({ now: now() })
      await batch(env.DB, statements(sql`id = ${id}`))
      written[id] = await Promise.all(codes.map(recoveryHash))
    }
    for (const { id } of [ann, bob]) {
      const { results } = await env.DB.prepare('SELECT hash FROM recovery_codes WHERE user_id = ?')
        .bind(id)
        .all<{ hash: string }>()
      expect(results.map(({ hash }) => hash).sort()).toEqual(written[id]!.toSorted())
    }
  })
})
