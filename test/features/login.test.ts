import { env } from 'cloudflare:workers'
import bcrypt from 'bcryptjs'
import { describe, expect, it } from 'vitest'
import {
  call,
  claimsOf,
  eventsOf,
  expectProblem,
  freshAddress,
  freshDatabase,
  insertUser,
  login,
  loginFrom,
  now,
  PASSWORD,
} from '../support.ts'

freshDatabase()

const auditOf = (user_id: number) =>
  env.DB.prepare('SELECT event, reason, session_id FROM audit_events WHERE user_id = ? ORDER BY id').bind(user_id).all()

describe('POST /user/login', () => {
  it('answers with a token for a day whose session and audit row are stored', async () => {
    const { id, email } = await insertUser()
    const answer = await login(email)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('Cache-Control')).toBe('no-store')
    const body = await answer.json<{ access_token: string; token_type: string; expires_in: number }>()
    expect(body).toEqual({
      access_token: expect.any(String),
      token_type: 'Bearer',
      expires_in: 86_400,
      refresh_token: expect.stringMatching(/^lkr_[\w-]{76}$/),
      device_token: expect.stringMatching(/^lkd_[\w-]{70}$/),
    })
    const claims = claimsOf(body.access_token)
    const signedAt = (claims.iat as number) + 10 // a host whose clock is behind takes it at once
    expect(claims).toEqual({
      user_id: id,
      sub: String(id),
      sid: expect.any(String),
      jti: expect.any(String),
      iat: expect.any(Number),
      exp: signedAt + 86_400,
      iss: 'latchkey',
      auth_time: signedAt,
      acr: 'aal1',
      amr: ['pwd'],
    })
    expect(Math.abs(signedAt - now())).toBeLessThan(5)
    const session = await env.DB.prepare('SELECT user_id, expires_at, revoked_at FROM sessions WHERE id = ?')
      .bind(claims.sid)
      .first()
    expect(session).toEqual({ user_id: id, expires_at: signedAt + 30 * 86_400, revoked_at: null })
    expect((await auditOf(id)).results).toEqual([{ event: 'login_succeeded', reason: null, session_id: claims.sid }])
  })

  it('finds an address in any ASCII case, and an international domain in both spellings', async () => {
    await insertUser({ email: 'Mixed.Case@Example.COM' })
    expect((await login('mixed.case@example.com')).status).toBe(200)
    expect((await login('MIXED.CASE@EXAMPLE.COM')).status).toBe(200)
    await insertUser({ email: 'a@xn--3e0b707e.kr' })
    expect((await login('a@한국.kr')).status).toBe(200)
    await insertUser({ email: 'b@한국.kr' })
    expect((await login('b@한국.kr')).status).toBe(200)
    await insertUser({ email: '민수@example.com' })
    expect((await login('민수@example.com')).status).toBe(200)
  })

  it('does not fold what SQLite does not fold', async () => {
    await insertUser({ email: 'kelvin@example.com' })
    await expectProblem(await login('\u212Aelvin@example.com'), 401, 'invalid_credentials')
  })

  it('says the same to an unknown address, a wrong password, a disabled account and a broken hash', async () => {
    const known = await insertUser()
    const disabled = await insertUser({ disabled_at: 1 })
    const unverified = await insertUser({ email_verified: 0 })
    const broken = []
    for (const hashed_password of [
      null,
      '',
      'x'.repeat(60),
      `$2x$10$${'a'.repeat(53)}`,
      `$2b$31$${'a'.repeat(53)}`,
      '$2b$10$short',
    ]) {
      broken.push(await insertUser({ hashed_password }))
    }
    const strip = async (answer: Response) => {
      const headers = [...answer.headers].filter(([name]) => name !== 'x-request-id')
      const text = (await answer.text()).replace(/"request_id":"[^"]+"/, '')
      return { status: answer.status, headers, text }
    }
    const reference = await strip(await login('nobody@example.com', 'wrong'))
    expect(reference.status).toBe(401)
    for (const { email } of [known, disabled, unverified, ...broken]) {
      expect(await strip(await login(email, 'wrong'))).toEqual(reference)
    }
  })

  it('keeps the private reason in the audit trail', async () => {
    const cases = [
      { row: {}, password: 'wrong', reason: 'wrong_password' },
      { row: { hashed_password: 'broken' }, password: PASSWORD, reason: 'unreadable_hash' },
      { row: { disabled_at: 1 }, password: PASSWORD, reason: 'account_disabled' },
      { row: { email_verified: 0 }, password: PASSWORD, reason: 'email_not_verified' },
    ]
    for (const { row, password, reason } of cases) {
      const { id, email } = await insertUser(row)
      await login(email, password)
      expect((await auditOf(id)).results).toEqual([{ event: 'login_failed', reason, session_id: null }])
    }
  })

  it('tells only the right password that an account is disabled or not confirmed', async () => {
    const disabled = await insertUser({ disabled_at: 1 })
    await expectProblem(await login(disabled.email), 403, 'account_disabled')
    const unverified = await insertUser({ email_verified: 0 })
    await expectProblem(await login(unverified.email), 403, 'email_not_verified')
    const { results } = await env.DB.prepare('SELECT 1 FROM sessions WHERE user_id IN (?, ?)')
      .bind(disabled.id, unverified.id)
      .all()
    expect(results).toEqual([])
  })

  it('verifies $2a$, $2b$ and $2y$, and upgrades what is cheaper than the setting', async () => {
    const cheap = (await bcrypt.hash(PASSWORD, 8)).slice(3)
    for (const version of ['$2a', '$2b', '$2y']) {
      const { id, email } = await insertUser({ hashed_password: version + cheap })
      expect((await login(email)).status).toBe(200)
      const row = await env.DB.prepare('SELECT hashed_password, password_set_at FROM users WHERE id = ?')
        .bind(id)
        .first<{ hashed_password: string; password_set_at: null }>()
      expect(row).toEqual({ hashed_password: expect.stringMatching(/^\$2b\$10\$/), password_set_at: null })
      expect((await login(email)).status).toBe(200)
      await expectProblem(await login(email, `${PASSWORD} `), 401, 'invalid_credentials')
    }
  })

  it('keeps a hash that is dearer than the setting', async () => {
    const hashed_password = await bcrypt.hash(PASSWORD, 11)
    const { id, email } = await insertUser({ hashed_password })
    expect((await login(email)).status).toBe(200)
    expect(
      await env.DB.prepare('SELECT hashed_password FROM users WHERE id = ?').bind(id).first('hashed_password'),
    ).toBe(hashed_password)
  })

  it('upgrades an imported password as it was cut, so that it still opens with its first 72 bytes', async () => {
    const password = '가'.repeat(24)
    const { email } = await insertUser({ hashed_password: await bcrypt.hash(password, 8) })
    expect((await login(email, `${password}나`)).status).toBe(200)
    expect((await login(email, password)).status).toBe(200)
    await expectProblem(await login(email, '가'.repeat(23)), 401, 'invalid_credentials')
  })

  it.each([
    ['no body', {}, 415, 'unsupported_media_type'],
    [
      'text',
      { headers: { 'Content-Type': 'text/plain' }, body: '{"email":"a","password":"b"}' },
      415,
      'unsupported_media_type',
    ],
    [
      'a form',
      { headers: { 'Content-Type': 'application/x-www-form-urlencoded' }, body: 'email=a&password=b' },
      415,
      'unsupported_media_type',
    ],
    [
      'another charset',
      { headers: { 'Content-Type': 'application/json; charset=utf-16' }, body: '{}' },
      415,
      'unsupported_media_type',
    ],
    [
      'another charset after the right one',
      { headers: { 'Content-Type': 'application/json; charset=utf-8; charset="utf-16"' }, body: '{}' },
      415,
      'unsupported_media_type',
    ],
    ...[
      'multipart/form-data; boundary=x',
      'text/plain; charset=application/json',
      'text/plain;application/json',
      'text/json',
      'application/x-www-form-urlencoded; x=application/json',
      'application/jsonp',
      'application/json-seq',
      'application/json text/plain',
      'application/+json',
      'application/a/b+json',
      'text/plain, application/json',
      'application/json, text/plain',
      'json',
      ' ',
    ].map(
      (type) =>
        [
          type,
          { headers: { 'Content-Type': type }, body: '{"email":"a","password":"b"}' },
          415,
          'unsupported_media_type',
        ] as const,
    ),
    [
      'two byte order marks',
      { headers: { 'Content-Type': 'application/json' }, body: '\ufeff\ufeff{"email":"a","password":"b"}' },
      400,
      'malformed_json',
    ],
    [
      'a byte order mark and nothing',
      { headers: { 'Content-Type': 'application/json' }, body: '\ufeff' },
      400,
      'malformed_json',
    ],
    ['an email of white space', { json: { email: ' \t', password: 'b' } }, 422, 'invalid_body'],
    ['nothing in JSON', { headers: { 'Content-Type': 'application/json' }, body: '' }, 400, 'malformed_json'],
    ['half of JSON', { headers: { 'Content-Type': 'application/json' }, body: '{"email":' }, 400, 'malformed_json'],
    ['depth', { headers: { 'Content-Type': 'application/json' }, body: '['.repeat(16_000) }, 400, 'malformed_json'],
    [
      'closed depth',
      { headers: { 'Content-Type': 'application/json' }, body: '['.repeat(8_000) + ']'.repeat(8_000) },
      400,
      'malformed_json',
    ],
    [
      'a repeated member',
      { headers: { 'Content-Type': 'application/json' }, body: '{"email":"a","email":"b","password":"c"}' },
      400,
      'malformed_json',
    ],
    [
      'a repeated member, escaped',
      { headers: { 'Content-Type': 'application/json' }, body: '{"email":"a","\\u0065mail":"b","password":"c"}' },
      400,
      'malformed_json',
    ],
    [
      'ill-formed UTF-8',
      { headers: { 'Content-Type': 'application/json' }, body: new Uint8Array([0x22, 0xff, 0x22]) },
      400,
      'malformed_json',
    ],
    ['an array', { json: [] }, 422, 'invalid_body'],
    ['null', { json: null }, 422, 'invalid_body'],
    ['too much', { json: { email: 'a', password: 'x'.repeat(17_000) } }, 413, 'body_too_large'],
    ['NUL in the password', { json: { email: 'a', password: 'a\0b' } }, 422, 'invalid_body'],
    ['a lone surrogate', { json: { email: 'a', password: '\ud800' } }, 422, 'invalid_body'],
    ['a control character in the email', { json: { email: 'a\nb', password: 'b' } }, 422, 'invalid_body'],
    ['an endless email', { json: { email: 'a'.repeat(321), password: 'b' } }, 422, 'invalid_body'],
  ] as const)('refuses %s', async (_name, init, status, code) => {
    await expectProblem(await call('POST', '/user/login', init as RequestInit), status, code)
  })

  it.each([
    'application/json',
    'application/json;charset=utf-8',
    'application/json; charset=utf8',
    'application/json; charset="UTF8"',
    'application/json; Charset=us-ascii',
    'application/json;',
    'application/json ; ',
    'application/json; charset=utf-8;',
    'application/json; odata=verbose; IEEE754Compatible=true',
    'Application/JSON; profile="https://example.com/a;b"',
    'application/vnd.api+json',
    'application/json; profile="a, b"',
    'application/ld+json; charset=utf8',
  ])('takes %s, as Flask did', async (type) => {
    const { email } = await insertUser()
    const body = JSON.stringify({ email, password: PASSWORD })
    expect((await call('POST', '/user/login', { headers: { 'Content-Type': type }, body })).status).toBe(200)
  })

  it("takes a byte order mark in front of the body, as Python's json.loads does", async () => {
    const { email } = await insertUser()
    const body = `\ufeff${JSON.stringify({ email, password: PASSWORD })}`
    const answer = await call('POST', '/user/login', { headers: { 'Content-Type': 'application/json' }, body })
    expect(answer.status).toBe(200)
  })

  it.each([
    [' ', ''],
    ['', ' '],
    ['\t', '\r\n'],
    ['\u00a0', '\u3000'],
    ['', '\ufeff'],
  ])('takes an email with white space around it: %j, %j', async (before, after) => {
    const { id, email } = await insertUser()
    const typed = `${before}${email.toUpperCase()}${after}`
    expect((await login(typed)).status).toBe(200)
    await expectProblem(await login(typed, 'wrong'), 401, 'invalid_credentials')
    expect(await eventsOf(id)).toEqual(['login_succeeded', 'login_failed: wrong_password'])
  })

  it('counts an email with white space around it for its own account', async () => {
    const { email } = await insertUser()
    const spellings = [email, ` ${email}`, `${email} `, `\t${email}\n`, `${email}\u00a0`]
    for (const typed of spellings) {
      await expectProblem(
        await loginFrom(freshAddress(), { email: typed, password: 'wrong' }),
        401,
        'invalid_credentials',
      )
    }
    await expectProblem(await loginFrom(freshAddress(), { email }), 429, 'too_many_attempts')
  })

  it('refuses a wrong type in any field, naming the field and never the value', async () => {
    const good = { email: 'a@example.com', password: 'canary-of-a-password' }
    for (const field of ['email', 'password'] as const) {
      for (const wrong of [undefined, null, 1, 1e308, true, [], ['a@example.com'], {}, { $ne: null }]) {
        const answer = await call('POST', '/user/login', { json: { ...good, [field]: wrong } })
        const problem = await expectProblem(answer, 422, 'invalid_body')
        expect(problem.errors).toEqual([{ field, code: wrong === undefined ? 'required' : 'wrong_type' }])
        expect(JSON.stringify(problem)).not.toContain('canary')
      }
    }
  })

  it('ignores what it did not ask for', async () => {
    const { id, email } = await insertUser()
    const json = {
      email,
      password: PASSWORD,
      user_id: 1,
      roles: ['admin'],
      email_verified: true,
      __proto__: { roles: ['admin'] },
    }
    const answer = await call('POST', '/user/login', { json })
    const { access_token } = await answer.json<{ access_token: string }>()
    expect(claimsOf(access_token)).toMatchObject({ user_id: id })
    expect(claimsOf(access_token)).not.toHaveProperty('roles')
  })

  it.each([{}, { 'Content-Length': '50' }])('answers a body that breaks off, with %o', async (length) => {
    const body = new ReadableStream({ pull: (stream) => stream.error(new Error('the client has gone')) })
    const headers = { 'Content-Type': 'application/json', ...length }
    await expectProblem(await call('POST', '/user/login', { headers, body }), 400, 'malformed_json')
  })

  it('stops a body that has no end, without reading all of it', async () => {
    let sent = 0
    const body = new ReadableStream({
      pull(controller) {
        sent += 1
        if (sent > 1_000) controller.close()
        else controller.enqueue(new Uint8Array(4_096))
      },
    })
    const answer = await call('POST', '/user/login', { headers: { 'Content-Type': 'application/json' }, body })
    await expectProblem(answer, 413, 'body_too_large')
    expect(sent).toBeLessThan(50)
  })
})
