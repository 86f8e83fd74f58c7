import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { mails as mailKinds } from '../../src/features/password/mails.ts'
import { shared } from '../../src/pages/words.ts'
import {
  bearer,
  call,
  callIn,
  clock,
  ENV,
  eventsOf,
  expectProblem,
  freshDatabase,
  addPasskey,
  Passkey,
  signInWith,
  leadsTo,
  linksOf,
  login,
  mailedToken,
  mailsTo,
  member,
  type Member,
  nobody,
  open,
  PASSWORD,
  run,
  sessionFor,
  subjectsTo,
  submit,
  userAt,
} from '../support.ts'

freshDatabase()

/** A user without a password, who signed in with a mailed code a moment ago. */
async function keyless(): Promise<Member> {
  const user = await member()
  await run('UPDATE users SET hashed_password = NULL, password_set_at = NULL WHERE id = ?', user.id)
  return { ...user, ...(await sessionFor(user.id, ['code'])) }
}

const NEW = 'seven brown herons wait'
const remove = ({ token }: Member, own = ENV) => callIn(own, 'DELETE', '/user/password', bearer(token))
const setPassword = ({ token }: Member, json: object) => call('POST', '/user/password', { json, ...bearer(token) })
const isIn = async (token: string) => (await call('GET', '/user/me', bearer(token))).status === 200
const codeIn = (email: string) => /\n([0-9A-Z]{4}-?[0-9A-Z]{4})\n/.exec(mailsTo(email).at(-1)?.text ?? '')![1]!

describe('DELETE /user/password', () => {
  it('removes the password, ends the other sessions and the links, and tells', async () => {
    const user = await member()
    const other = await sessionFor(user.id)
    await call('POST', '/user/password/forgot', { json: { email: user.email } })
    expect((await remove(user)).status).toBe(204)
    expect((await userAt(user.email))!.hashed_password).toBeNull()
    expect([await isIn(user.token), await isIn(other.token)]).toEqual([true, false])
    expect(await linksOf(user.id)).toEqual([])
    expect(subjectsTo(user.email).at(-1)).toBe(mailKinds.passwordRemoved.words.en.subject)
    expect((await eventsOf(user.id)).at(-1)).toBe('password_removed')
    await expectProblem(await login(user.email), 401, 'invalid_credentials')
    // The password that the session has seen no longer counts.
    await expectProblem(await remove(user), 401, 'fresh_login_required')
    expect((await eventsOf(user.id)).filter((event) => event === 'password_removed')).toHaveLength(1)
  })

  it('never removes the last way in', async () => {
    const user = await member()
    const before = await userAt(user.email)
    const own = { ...ENV, LOGIN_CODES: 'off' } as Env
    await expectProblem(await remove(user, own), 409, 'last_way_in')
    expect(await userAt(user.email)).toEqual(before)
    expect(await eventsOf(user.id)).not.toContain('password_removed')
    expect((await login(user.email)).status).toBe(200)
  })

  it('is no way in: a passkey that needs another method', async () => {
    const [user, passkey] = [await member(), await Passkey.make()]
    const own = { ...ENV, LOGIN_CODES: 'off' } as Env
    expect((await addPasskey(user.token, passkey, { uv: false })).status).toBe(201)
    const verified = () =>
      env.DB.prepare('SELECT user_verified AS it FROM passkeys WHERE id = ?').bind(passkey.id).first('it')
    expect(await verified()).toBe(0)
    const { token } = await sessionFor(user.id)
    await expectProblem(await remove({ ...user, token }, own), 409, 'last_way_in')
    // Once its device has verified its user, it stays one, whatever a later sign-in does.
    expect((await signInWith(passkey)).status).toBe(200)
    expect(await verified()).toBe(1)
    await expectProblem(await signInWith(passkey, { uv: false }), 403, 'second_factor_required')
    const { ticket } = await (await signInWith(passkey, { uv: false })).json<{ ticket: string }>()
    expect(
      (await call('POST', '/user/login', { json: { email: user.email, password: PASSWORD, ticket } })).status,
    ).toBe(200)
    expect(await verified()).toBe(1)
    expect((await remove({ ...user, token }, own)).status).toBe(204)
    const { access_token } = await (await signInWith(passkey)).json<{ access_token: string }>()
    const path = `/user/passkeys/${passkey.id}`
    await expectProblem(await callIn(own, 'DELETE', path, bearer(access_token)), 409, 'last_way_in')
  })

  it('leaves a passkey that needs another method removable, where the password stays', async () => {
    const [user, passkey] = [await member(), await Passkey.make()]
    const own = { ...ENV, LOGIN_CODES: 'off' } as Env
    expect((await addPasskey(user.token, passkey, { uv: false })).status).toBe(201)
    const { token } = await sessionFor(user.id)
    expect((await callIn(own, 'DELETE', `/user/passkeys/${passkey.id}`, bearer(token))).status).toBe(204)
  })

  it('asks for the password of the last ten minutes', async () => {
    const user = await member()
    clock.forward(601)
    await expectProblem(await remove(user), 401, 'fresh_login_required')
    expect((await userAt(user.email))!.hashed_password).not.toBeNull()
  })

  it('happens once of fifty times', async () => {
    const user = await member()
    const answers = await Promise.all(Array.from({ length: 50 }, () => remove(user)))
    const codes = new Set(answers.map(({ status }) => status))
    expect(codes.has(204)).toBe(true)
    expect([...codes].every((status) => [204, 401, 409].includes(status))).toBe(true)
    expect((await eventsOf(user.id)).filter((event) => event === 'password_removed')).toHaveLength(1)
    expect(subjectsTo(user.email)).toHaveLength(1)
  })
})

describe('an account without a password', () => {
  it('sets one from a recent sign-in, and then needs it to change it', async () => {
    const user = await keyless()
    const other = await sessionFor(user.id)
    expect((await setPassword(user, { new_password: NEW })).status).toBe(204)
    expect((await login(user.email, NEW)).status).toBe(200)
    expect([await isIn(user.token), await isIn(other.token)]).toEqual([true, false])
    const refused = await expectProblem(await setPassword(user, { new_password: PASSWORD }), 422, 'invalid_body')
    expect(refused.errors).toEqual([{ field: 'current_password', code: 'required' }])
    expect((await setPassword(user, { current_password: NEW, new_password: 'nine herons at the lake' })).status).toBe(
      204,
    )
  })

  it('sets none, moves nowhere and stays, without a recent sign-in', async () => {
    const user = await keyless()
    clock.forward(601)
    const before = await userAt(user.email)
    for (const [method, path, json] of [
      ['POST', '/user/password', { new_password: NEW }],
      ['POST', '/user/email', { email: nobody() }],
      ['DELETE', '/user/me', {}],
    ] as const) {
      await expectProblem(await call(method, path, { json, ...bearer(user.token) }), 401, 'fresh_login_required')
    }
    expect(await userAt(user.email)).toEqual(before)
    for (const path of ['/account/email', '/account/password', '/account/delete']) {
      expect(leadsTo(await open(path, user.token))).toEqual([303, `/account/confirm?return_to=${path}`])
    }
    const deleted = await submit('/account/delete', {}, user.token)
    expect(leadsTo(deleted)).toEqual([303, '/account/confirm?return_to=/account/delete'])
    expect(await userAt(user.email)).toEqual(before)
  })

  it('lets no wrong password of somebody count as one', async () => {
    const user = await keyless()
    for (const json of [{ password: PASSWORD }, { password: '' }, { totp: '000000' }, { credential: {} }]) {
      const { status } = await call('DELETE', '/user/me', { json, ...bearer(user.token) })
      expect([401, 422]).toContain(status)
    }
    expect(await userAt(user.email)).not.toBeNull()
  })

  it('moves to another address, where the browser that opens the link is signed in to it', async () => {
    const [user, stranger, address] = [await keyless(), await member(), nobody()]
    expect((await call('POST', '/user/email', { json: { email: address }, ...bearer(user.token) })).status).toBe(202)
    const token = mailedToken(address)
    expect(await (await open(`/verify?token=${token}`)).text()).not.toContain('name="password"')
    const verify = (more: object = {}) => call('POST', '/user/email/verify', { json: { token }, ...more })
    await expectProblem(await verify(), 401, 'login_required')
    await expectProblem(await verify(bearer(stranger.token)), 401, 'login_required')
    expect((await submit('/verify', { token })).status).toBe(401)
    expect((await userAt(user.email))!.id).toBe(user.id)
    expect(leadsTo(await submit('/verify', { token }, user.token))).toEqual([303, '/login?done=verified'])
    expect((await userAt(address))!.id).toBe(user.id)
    expect(await isIn(user.token)).toBe(false)
  })

  it('still shows the password field for the link of an account that has one', async () => {
    const [user, address] = [await member(), nobody()]
    await call('POST', '/user/email', { json: { email: address, password: PASSWORD }, ...bearer(user.token) })
    const token = mailedToken(address)
    expect(await (await open(`/verify?token=${token}`)).text()).toContain('name="password"')
    expect((await submit('/verify', { token }, user.token)).status).toBe(422)
    expect(await userAt(address)).toBeNull()
  })

  it('sees no password field on any form, and is deleted by one button', async () => {
    const user = await keyless()
    const cards = await (await open('/account', user.token)).text()
    expect(cards).toContain('No password')
    expect(await (await open('/account?lang=ko', user.token)).text()).toContain('비밀번호 없음')
    for (const path of ['/account/email', '/account/delete', '/account/password']) {
      const html = await (await open(path, user.token)).text()
      expect(html).not.toMatch(/name="(current_)?password"/)
    }
    expect(leadsTo(await submit('/account/password', { new_password: NEW }, user.token))[0]).toBe(303)
    expect((await login(user.email, NEW)).status).toBe(200)
    const leaver = await keyless()
    expect(leadsTo(await submit('/account/delete', {}, leaver.token))).toEqual([303, '/login?done=deleted'])
    expect(await userAt(leaver.email)).toBeNull()
  })

  it('confirms that it is its owner with a mailed code', async () => {
    const user = await keyless()
    clock.forward(601)
    const page = '/account/confirm?return_to=/account/delete'
    const html = await (await open(page, user.token)).text()
    expect(html).toContain('name="begin" value="code"')
    expect(html).not.toContain('name="password"')
    const begun = await submit('/account/confirm', { begin: 'code', return_to: '/account/delete' }, user.token)
    expect(begun.status).toBe(200)
    const ticket = /name="ticket" value="(lkt_[\w-]+)"/.exec(await begun.text())![1]!
    const form = { method: 'code', ticket, return_to: '/account/delete' }
    const wrong = await submit('/account/confirm', { ...form, code: 'AAAA-AAAA' }, user.token)
    expect(wrong.status).toBe(401)
    expect(await wrong.text()).toContain(`name="ticket" value="${ticket}"`)
    const right = await submit('/account/confirm', { ...form, code: codeIn(user.email) }, user.token)
    expect(leadsTo(right)).toEqual([303, '/account/delete?done=confirmed'])
    const token = /^__Host-latchkey=([\w.-]+);/.exec(right.headers.get('Set-Cookie') ?? '')![1]!
    expect((await open('/account/delete', token)).status).toBe(200)
    expect((await submit('/account/confirm', { ...form, code: codeIn(user.email) }, token)).status).toBe(401) // once
  })

  it('confirms with nothing of somebody else', async () => {
    const [user, other] = [await keyless(), await keyless()]
    const asked = await call('POST', '/user/login/code', { json: { email: other.email } })
    const { ticket } = await asked.json<{ ticket: string }>()
    const json = { ticket, code: codeIn(other.email) }
    expect((await call('POST', '/user/reauth', { json, ...bearer(user.token) })).status).toBe(401)
    expect((await call('POST', '/user/reauth', { json, ...bearer(other.token) })).status).toBe(200)
  })

  it('is exported without a password', async () => {
    const user = await keyless()
    const exported = await (await call('GET', '/user/me/export', bearer(user.token))).json<{ user: object }>()
    expect(exported.user).toMatchObject({ user_id: user.id, password_set_at: null })
  })
})

describe('/account/confirm', () => {
  it('offers the password where there is one, and the mailed code only where there is none', async () => {
    const user = await member()
    const html = await (await open('/account/confirm', user.token)).text()
    expect(html).toContain('name="password"')
    expect(html).toContain(shared.en.confirmPassword)
    expect(html).not.toContain('name="begin"')
  })

  it.each(['//evil.example', 'https://evil.example', '/unknown', '/account&done=x'])(
    'leads nowhere else: %s',
    async (return_to) => {
      const user = await member()
      const answer = await submit('/account/confirm', { password: PASSWORD, return_to }, user.token)
      expect(leadsTo(answer)).toEqual([303, '/account?done=confirmed'])
    },
  )

  it('begins nothing that has no first step', async () => {
    const user = await member()
    for (const begin of ['password', 'nothing', '']) {
      expect((await submit('/account/confirm', { begin }, user.token)).status).toBe(422)
    }
    expect(await env.DB.prepare('SELECT count(*) AS n FROM outbox').first()).toEqual({ n: 0 })
  })
})
