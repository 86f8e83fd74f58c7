import { env } from 'cloudflare:workers'
import bcrypt from 'bcryptjs'
import { afterEach, describe, expect, it, vi } from 'vitest'
// @ts-expect-error it has no types: lists of texts by name
import untypedLists from 'zxcvbn/lib/frequency_lists.js'
import {
  action,
  bearer,
  call,
  callIn,
  clock,
  dump,
  eventsOf,
  expectProblem,
  forgot,
  freshDatabase,
  hashCheaply,
  insertUser,
  linksOf,
  login,
  mailedToken,
  mails,
  mailsTo,
  member,
  NEW_PASSWORD,
  PASSWORD,
  reset,
  seen,
  sessionFor,
  subjectsTo,
  userAt,
  watchedIsolate,
} from '../support.ts'

freshDatabase()

afterEach(() => {
  vi.restoreAllMocks()
})

const common = (untypedLists as { passwords: string[] }).passwords
  .filter((word) => Array.from(word).length >= 8)
  .slice(0, 3_000)

const change = (token: string, current_password: unknown = PASSWORD, new_password: unknown = NEW_PASSWORD) =>
  call('POST', '/user/password', { json: { current_password, new_password }, ...bearer(token) })
const refresh = (refresh_token: string) => call('POST', '/user/refresh', { json: { refresh_token } })

/** A user who asked for a new password, and the token that was mailed. */
async function forgetful(row: Parameters<typeof member>[0] = {}) {
  const user = await member(row)
  expect((await forgot(user.email)).status).toBe(202)
  return { ...user, mailed: mailedToken(user.email) }
}

describe('POST /user/password/forgot', () => {
  it('says the same whether the address is known, disabled, unconfirmed, unknown, or none at all', async () => {
    const users = [await member(), await member({ disabled_at: 1 }), await member({ email_verified: 0 })]
    const typed = [...users.map(({ email }) => email), 'nobody@example.com', 'no address', "'; DROP TABLE users; --"]
    const answers = []
    for (const email of typed) answers.push(await seen(await forgot(email)))
    expect(answers[0]).toMatchObject({ status: 202, text: '{"status":"accepted"}' })
    for (const answer of answers) expect(answer).toEqual(answers[0])
  })

  it('knows an address with white space around it', async () => {
    const { email } = await member()
    expect((await forgot(`\n${email} `)).status).toBe(202)
    expect(subjectsTo(email)).toEqual(['Set a new password'])
  })

  it('mails a link to the account alone, and records the request', async () => {
    const before = mails.length
    const { id, email, mailed } = await forgetful()
    await forgot('nobody@example.com')
    expect(mails.slice(before).map(({ to }) => to)).toEqual([email])
    expect(subjectsTo(email)).toEqual(['Set a new password'])
    expect(mailed).toMatch(/^[\w-]{43}$/)
    expect(await linksOf(id)).toEqual(['reset'])
    expect(await eventsOf(id)).toEqual(['login_succeeded', 'password_reset_requested'])
  })

  it('sends nothing to a disabled account', async () => {
    const { id, email } = await forgetful({ disabled_at: 1 })
    expect(mailsTo(email)).toEqual([])
    expect(await linksOf(id)).toEqual([])
  })

  it.each([
    [{ email: ['victim@example.com', 'attacker@example.com'] }],
    [{ email: { $ne: null } }],
    [{ email: null }],
    [{ email: 1 }],
    [{ email: '' }],
    [{}],
    [{ email: 'victim@example.com\r\nBcc: attacker@example.com' }],
    [{ email: 'victim\0@example.com' }],
    [{ email: `${'a'.repeat(400)}@example.com` }],
  ])('refuses %j, and mails nobody', async (json) => {
    const before = await dump()
    await expectProblem(await call('POST', '/user/password/forgot', { json }), 422, 'invalid_body')
    expect(await dump()).toEqual(before)
  })

  it('mails nobody for what only looks like an address of somebody', async () => {
    await member({ email: 'victim@example.com' })
    await member({ email: 'kelvin@example.com' })
    const before = mails.length
    for (const typed of [
      'victim@example.com,attacker@example.com',
      'victim@example.com attacker@example.com',
      'victim@example.com%0d%0aBcc:attacker@example.com',
      '"victim"@example.com',
      'victim@example.com@evil.example',
      'victim\uff20example.com',
      'v\u0131ctim@example.com',
      '\u212Aelvin@example.com',
    ]) {
      expect((await forgot(typed)).status).toBe(202)
    }
    expect(mails.length).toBe(before)
    await forgot('VICTIM@example.com')
    expect(mails.slice(before).map(({ to }) => to)).toEqual(['victim@example.com'])
  })
})

describe('POST /user/password/reset', () => {
  it('sets the password, ends every session, voids every other link, tells the owner, and signs nobody in', async () => {
    const user = await member()
    const elsewhere = await sessionFor(user.id)
    const json = { email: 'moving.away@example.com', password: PASSWORD }
    await call('POST', '/user/email', { json, ...bearer(user.token) })
    await forgot(user.email)
    expect(await linksOf(user.id)).toEqual(['email_change', 'reset'])
    expect((await action(user.token)).status).toBe(200)

    const answer = await reset(mailedToken(user.email))
    expect({ status: answer.status, text: await answer.text() }).toEqual({ status: 204, text: '' })
    expect(answer.headers.get('Set-Cookie')).toBeNull()
    for (const { token, refresh_token } of [user, elsewhere]) {
      await expectProblem(await action(token), 401, 'invalid_token')
      await expectProblem(await refresh(refresh_token), 401, 'invalid_refresh_token')
    }
    expect(await linksOf(user.id)).toEqual([])
    expect(subjectsTo(user.email).at(-1)).toBe('Your password was changed')
    expect(mailsTo(user.email).at(-1)!.text).not.toContain('/reset')
    expect((await eventsOf(user.id)).slice(-2)).toEqual(['password_reset_requested', 'password_reset'])
    await expectProblem(await login(user.email), 401, 'invalid_credentials')
    expect((await login(user.email, NEW_PASSWORD)).status).toBe(200)
  })

  it('ends no session of anybody else', async () => {
    const [user, other] = [await forgetful(), await forgetful()]
    expect((await reset(user.mailed)).status).toBe(204)
    expect((await action(other.token)).status).toBe(200)
    expect(await linksOf(other.id)).toEqual(['reset'])
    await expectProblem(await login(other.email, NEW_PASSWORD), 401, 'invalid_credentials')
    expect((await login(other.email)).status).toBe(200)
  })

  it('confirms the address, because its mailbox was shown', async () => {
    const { email, mailed } = await forgetful({ email_verified: 0 })
    expect((await reset(mailed)).status).toBe(204)
    expect((await login(email, NEW_PASSWORD)).status).toBe(200)
  })

  it('brings no disabled account back to life', async () => {
    const { id, email, token, mailed } = await forgetful()
    await env.DB.prepare('UPDATE users SET disabled_at = 1 WHERE id = ?').bind(id).run()
    await expectProblem(await reset(mailed), 400, 'invalid_one_time_token')
    await expectProblem(await login(email), 403, 'account_disabled')
    await expectProblem(await call('DELETE', '/user/sessions/x', bearer(token)), 401, 'invalid_token')
    expect(await env.DB.prepare('SELECT disabled_at FROM users WHERE id = ?').bind(id).first('disabled_at')).toBe(1)
  })

  it('works once: a used, a replaced and an expired link are nothing', async () => {
    const { email, mailed } = await forgetful()
    await forgot(email)
    const newer = mailedToken(email)
    await expectProblem(await reset(mailed), 400, 'invalid_one_time_token')
    expect((await reset(newer)).status).toBe(204)
    await expectProblem(await reset(newer, 'a third password of somebody'), 400, 'invalid_one_time_token')

    await forgot(email)
    const last = mailedToken(email)
    clock.set(3_600)
    await expectProblem(await reset(last, 'a third password of somebody'), 400, 'invalid_one_time_token')
    clock.set(3_598)
    expect((await reset(last, 'a third password of somebody')).status).toBe(204)
  })

  it('is for the address that the link was sent to: after a change of address it is nothing', async () => {
    const { id, mailed } = await forgetful()
    await env.DB.prepare(`UPDATE users SET email = 'moved.by.hand@example.com' WHERE id = ?`).bind(id).run()
    await expectProblem(await reset(mailed), 400, 'invalid_one_time_token')
  })

  it.each([
    ['', 400],
    ['%', 400],
    ['%'.repeat(43), 400],
    ['_'.repeat(43), 400],
    ['a'.repeat(42), 400],
    ['a'.repeat(44), 400],
    [`${'a'.repeat(43)}\n`, 400],
    ["' OR 1=1; --", 400],
    ['null', 400],
    [null, 422],
    [undefined, 422],
    [0, 422],
    [true, 422],
    [[], 422],
    [['a'.repeat(43)], 422],
    [{}, 422],
  ])('refuses the token %j', async (token, status) => {
    await forgetful()
    const before = await dump()
    const code = status === 400 ? 'invalid_one_time_token' : 'invalid_body'
    const problem = await expectProblem(await reset(token), status, code)
    if (status === 422) expect(problem.errors).toMatchObject([{ field: 'token' }])
    expect(await dump()).toEqual(before)
  })

  it('takes no other kind of token', async () => {
    const user = await member()
    const unconfirmed = await member({ email_verified: 0 })
    await call('POST', '/user/email/resend', { json: { email: unconfirmed.email } })
    const json = { email: 'moving.on@example.com', password: PASSWORD }
    await call('POST', '/user/email', { json, ...bearer(user.token) })
    const others = [
      mailedToken(unconfirmed.email),
      mailedToken('moving.on@example.com'),
      user.token,
      user.refresh_token,
    ]
    for (const other of others) {
      expect(other).not.toBe('')
      await expectProblem(await reset(other), 400, 'invalid_one_time_token')
    }
    const { mailed } = await forgetful()
    await expectProblem(
      await call('POST', '/user/email/verify', { json: { token: mailed } }),
      400,
      'invalid_one_time_token',
    )
    await expectProblem(await action(mailed), 401, 'invalid_token')
    await expectProblem(await refresh(mailed), 401, 'invalid_refresh_token')
    expect((await reset(mailed)).status).toBe(204)
  })

  it('keeps the link for another try when the password is refused', async () => {
    const { email, mailed } = await forgetful()
    const local = email.split('@')[0]!.padEnd(8, '_')
    for (const password of ['short', 'x'.repeat(257), 'with a \0 in it', 'password1', email, email.toUpperCase()]) {
      const problem = await expectProblem(await reset(mailed, password), 422, 'invalid_body')
      expect(problem.errors).toMatchObject([{ field: 'password' }])
    }
    expect((await reset(mailed, `${local} and more`)).status).toBe(204)
  })

  it('refuses what everybody tries first', async () => {
    const { mailed } = await forgetful()
    for (let i = 0; i < common.length; i += 25) {
      for (const password of [common[i]!, common[i]!.toUpperCase()]) {
        const { errors } = await (await reset(mailed, password)).json<{ errors?: unknown }>()
        expect([password, errors]).toEqual([password, [{ field: 'password', code: 'too_common' }]])
      }
    }
  })

  it('lets exactly one of fifty at once win, with fifty passwords, and only that one opens the account', async () => {
    const user = await member()
    for (let round = 0; round < 4; round++) {
      const hashing = hashCheaply()
      await forgot(user.email)
      const mailed = mailedToken(user.email)
      const passwords = Array.from({ length: 50 }, (_, i) => `password ${i} of round ${round}`)
      const statuses = (await Promise.all(passwords.map((password) => reset(mailed, password)))).map(
        ({ status }) => status,
      )
      expect(statuses.filter((status) => status !== 204)).toEqual(Array<number>(49).fill(400))
      const { hashed_password } = (await userAt(user.email))!
      const opening = await Promise.all(passwords.map((password) => bcrypt.compare(password, hashed_password!)))
      expect(opening.map((opens) => (opens ? 204 : 400))).toEqual(statuses)
      hashing.mockRestore()
      expect((await login(user.email, passwords[statuses.indexOf(204)])).status).toBe(200)
      expect((await login(user.email, passwords[(statuses.indexOf(204) + 1) % 50])).status).toBe(401)
    }
    expect(subjectsTo(user.email).filter((subject) => subject === 'Your password was changed')).toHaveLength(4)
    expect((await eventsOf(user.id)).filter((event) => event === 'password_reset')).toHaveLength(4)
  })
})

describe('POST /user/password', () => {
  it('sets the new password, keeps this session, ends the others, voids links, and tells the owner', async () => {
    const user = await forgetful()
    const [other, somebody] = [await sessionFor(user.id), await member()]
    const answer = await change(user.token)
    expect({ status: answer.status, text: await answer.text() }).toEqual({ status: 204, text: '' })
    expect((await action(user.token)).status).toBe(200)
    expect((await refresh(user.refresh_token)).status).toBe(200)
    expect((await action(somebody.token)).status).toBe(200)
    await expectProblem(await action(other.token), 401, 'invalid_token')
    await expectProblem(await refresh(other.refresh_token), 401, 'invalid_refresh_token')
    await expectProblem(await reset(user.mailed, 'a third password of somebody'), 400, 'invalid_one_time_token')
    expect(subjectsTo(user.email)).toEqual(['Set a new password', 'Your password was changed'])
    expect((await eventsOf(user.id)).at(-1)).toBe('password_changed')
    await expectProblem(await login(user.email), 401, 'invalid_credentials')
    expect((await login(user.email, NEW_PASSWORD)).status).toBe(200)
  })

  it('needs a login, and the current password', async () => {
    const { id, email, token } = await member()
    const json = { current_password: PASSWORD, new_password: NEW_PASSWORD }
    await expectProblem(await call('POST', '/user/password', { json }), 401, 'login_required')
    const before = await userAt(email)
    for (const wrong of ['wrong', NEW_PASSWORD, `${PASSWORD} `, PASSWORD.toUpperCase()]) {
      await expectProblem(await change(token, wrong), 401, 'invalid_credentials')
    }
    for (const wrong of [undefined, null, '', 1, [], [PASSWORD], {}, 'a\0']) {
      const wrongly = { current_password: wrong, new_password: NEW_PASSWORD }
      const answer = await call('POST', '/user/password', { json: wrongly, ...bearer(token) })
      expect((await expectProblem(answer, 422, 'invalid_body')).errors).toMatchObject([{ field: 'current_password' }])
    }
    expect(await userAt(email)).toEqual(before)
    expect(mailsTo(email)).toEqual([])
    expect((await eventsOf(id)).filter((event) => event === 'login_failed: wrong_password')).toHaveLength(4)
    expect((await action(token)).status).toBe(200)
  })

  it('asks the database whether the session still stands', async () => {
    const { id, email, token } = await member()
    await env.DB.prepare('UPDATE sessions SET revoked_at = 1 WHERE user_id = ?').bind(id).run()
    await expectProblem(await change(token), 401, 'invalid_token')
    expect((await login(email)).status).toBe(200)
  })

  it('refuses a new password that may not be set', async () => {
    const { email, token } = await member()
    for (const [password, code] of [
      ['short', 'too_short'],
      ['x'.repeat(257), 'too_long'],
      ['with a \0 in it', 'malformed'],
      [email.toUpperCase(), 'too_common'],
      ['Latchkey', 'too_common'],
      ...[0, 1_499, 2_999].map((i) => [common[i]!, 'too_common']),
      [common[7]!.toUpperCase(), 'too_common'],
    ]) {
      const problem = await expectProblem(await change(token, PASSWORD, password), 422, 'invalid_body')
      expect(problem.errors).toEqual([{ field: 'new_password', code }])
    }
    expect((await login(email)).status).toBe(200)
  })

  it('lets one of two changes at once win, and tells the other that its password is the old one', async () => {
    for (let round = 0; round < 5; round++) {
      const { id, email, token } = await member()
      const other = await sessionFor(id)
      const passwords = ['the first of two passwords', 'the second of two passwords']
      const hashing = hashCheaply()
      const answers = await Promise.all([
        change(token, PASSWORD, passwords[0]),
        change(other.token, PASSWORD, passwords[1]),
      ])
      hashing.mockRestore()
      const statuses = answers.map(({ status }) => status)
      expect(statuses.toSorted((a, b) => a - b)).toEqual([204, 401])
      const winner = statuses.indexOf(204)
      const { hashed_password } = (await userAt(email))!
      expect(await bcrypt.compare(passwords[winner]!, hashed_password!)).toBe(true)
      expect((await action([token, other.token][winner]!)).status).toBe(200)
      expect((await action([token, other.token][1 - winner]!)).status).toBe(401)
      expect(subjectsTo(email)).toEqual(['Your password was changed'])
      expect((await eventsOf(id)).filter((event) => event === 'password_changed')).toHaveLength(1)
    }
  })

  it('loses against a reset that comes between the check of the old password and the change', async () => {
    const user = await forgetful()
    const isolate = watchedIsolate()
    isolate.before = async (texts) => {
      if (!texts[0]!.startsWith('UPDATE users')) return
      isolate.before = () => {}
      expect((await reset(user.mailed, 'the password of the owner')).status).toBe(204)
    }
    const json = { current_password: PASSWORD, new_password: NEW_PASSWORD }
    const answer = await callIn(isolate.env, 'POST', '/user/password', { json, ...bearer(user.token) })
    await expectProblem(answer, 401, 'invalid_token')
    await expectProblem(await login(user.email, NEW_PASSWORD), 401, 'invalid_credentials')
    expect((await login(user.email, 'the password of the owner')).status).toBe(200)
  })

  it('makes an imported password one that counts whole', async () => {
    const password = 'x'.repeat(80)
    const { id, email } = await insertUser({ hashed_password: await bcrypt.hash(password, 10) })
    const { token } = await sessionFor(id)
    expect((await change(token, password.slice(0, 72), `${password} anew`)).status).toBe(204)
    await expectProblem(await login(email, password.slice(0, 72)), 401, 'invalid_credentials')
    expect((await login(email, `${password} anew`)).status).toBe(200)
  })
})

describe('a database that fails', () => {
  it('leaves the old password and the link as they are', async () => {
    const { email, mailed, token } = await forgetful()
    const before = await dump()
    for (const [path, json] of [
      ['/user/password/forgot', { email }],
      ['/user/password/reset', { token: mailed, password: NEW_PASSWORD }],
      ['/user/password', { current_password: PASSWORD, new_password: NEW_PASSWORD }],
    ] as const) {
      const isolate = watchedIsolate()
      isolate.before = (texts) => {
        if (texts.length > 1) throw new Error('D1_ERROR: Network connection lost.')
      }
      const answer = await callIn(isolate.env, 'POST', path, { json, ...bearer(token) })
      await expectProblem(answer, 503, 'unavailable')
    }
    expect(await dump()).toEqual(before)
    expect((await reset(mailed)).status).toBe(204)
  })
})
