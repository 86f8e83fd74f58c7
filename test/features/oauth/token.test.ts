import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import {
  ask,
  bearer,
  call,
  callIn,
  CALLBACK,
  claimsOf,
  clock,
  eventsOf,
  ENV,
  exchange,
  expectRefusal,
  formOf,
  freshDatabase,
  grantedCode,
  insertClient,
  MANY,
  member,
  newVerifier,
  now,
  PASSWORD,
  refreshWith,
  run,
  signedInTo,
  times,
  tokensIn,
  VERIFIER,
  Visitor,
} from '../../support.ts'

freshDatabase()

const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' }
const basic = (id: string, secret: string) => `Basic ${btoa(`${id}:${secret}`)}`
const sessionOf = (token: string) =>
  env.DB.prepare('SELECT * FROM sessions WHERE id = ?').bind(claimsOf(token).sid).first()

describe('a client', () => {
  const started = async (registered: Parameters<typeof insertClient>[0] = {}) => {
    const [app, user] = [await insertClient(registered), await member()]
    return { app, user, code: await grantedCode(app, user.token) }
  }
  const grant = (code: string) => ({
    grant_type: 'authorization_code',
    code,
    redirect_uri: CALLBACK,
    code_verifier: VERIFIER,
  })
  const post = (Authorization: string | undefined, given: Parameters<typeof formOf>[0]) =>
    call('POST', '/oauth/token', { body: formOf(given), headers: Authorization === undefined ? {} : { Authorization } })

  it.each([
    ['raw', (text: string) => text],
    ['form-encoded', encodeURIComponent],
    [
      'form-encoded to the last character',
      (text: string) => text.replaceAll(/./g, (one) => `%${one.charCodeAt(0).toString(16)}`),
    ],
  ])('authenticates by a Basic header, %s', async (_how, encode) => {
    const { app, code } = await started()
    await tokensIn(await post(basic(encode(app.client.id), encode(app.secret)), grant(code)))
  })

  it('may name itself in the body, too', async () => {
    const { app, code } = await started()
    const { id } = app.client
    await tokensIn(await post(basic(id, app.secret), { ...grant(code), client_id: id }))
  })

  it.each([
    ['no secret', (id: string) => [undefined, { client_id: id }], 'invalid_client'],
    ['an empty secret', (id: string) => [undefined, { client_id: id, client_secret: '' }], 'invalid_client'],
    ['another secret', (id: string) => [undefined, { client_id: id, client_secret: 'x'.repeat(43) }], 'invalid_client'],
    ['another secret in the header', (id: string) => [basic(id, 'x'), {}], 'invalid_client'],
    ['an unknown id', () => [undefined, { client_id: 'nobody', client_secret: 'x' }], 'invalid_client'],
    ['no id', () => [undefined, {}], 'invalid_client'],
    ['bad base64', () => ['Basic !!!', {}], 'invalid_client'],
    ['another scheme', (id: string, secret: string) => ['Bearer x', { client_id: id, x: secret }], 'invalid_client'],
    [
      'two ways at once',
      (id: string, secret: string) => [basic(id, secret), { client_secret: secret }],
      'invalid_request',
    ],
    ['two ids', (id: string, secret: string) => [basic(id, secret), { client_id: 'x' }], 'invalid_request'],
    [
      'a repeated secret',
      (id: string, secret: string) => [undefined, { client_id: id, client_secret: [secret, 'x'] }],
      'invalid_request',
    ],
    ['an assertion', (id: string) => [undefined, { client_id: id, client_assertion: 'eyJ' }], 'invalid_client'],
  ] as [string, (id: string, secret: string) => [string | undefined, object], string][])(
    'is refused with %s, and its code stays good',
    async (_what, credentials, error) => {
      const { app, code } = await started()
      const [header, fields] = credentials(app.client.id, app.secret)
      const answer = await post(header, { ...grant(code), ...fields })
      if (error === 'invalid_client') expect(answer.headers.get('WWW-Authenticate')).toBe('Basic realm="latchkey"')
      await expectRefusal(answer, error === 'invalid_client' ? 401 : 400, error)
      await tokensIn(await exchange(app, code))
    },
  )

  it('that is public names itself, and shows no secret', async () => {
    const { app, code } = await started({ public: true })
    await expectRefusal(await exchange(app, code, { client_secret: 'x' }), 401, 'invalid_client')
    await expectRefusal(await post(basic(app.client.id, 'x'), grant(code)), 401, 'invalid_client')
    await tokensIn(await exchange(app, code))
  })

  it('that is public may send an empty secret, as some libraries do; another one may not', async () => {
    const { app, code } = await started({ public: true })
    await tokensIn(await post(basic(app.client.id, ''), grant(code)))
    const confidential = await started()
    const answer = await post(basic(confidential.app.client.id, ''), grant(confidential.code))
    await expectRefusal(answer, 401, 'invalid_client')
  })

  it('sends nothing in the address, where logs keep it', async () => {
    const { app, code } = await started()
    for (const query of [{ client_secret: app.secret }, { code }, { x: '1' }]) {
      const answer = await callIn(ENV, 'POST', `/oauth/token?${formOf(query).toString()}`, {
        body: formOf({ ...grant(code), client_id: app.client.id, client_secret: app.secret }),
      })
      await expectRefusal(answer, 400, 'invalid_request')
    }
    await tokensIn(await exchange(app, code))
  })

  it.each([
    ['JSON', 'application/json'],
    ['multipart', 'multipart/form-data; boundary=x'],
    ['text', 'text/plain'],
    ['no type', ''],
    ['a type that begins alike', 'application/x-www-form-urlencodedx'],
  ])('sends a form, not %s', async (_what, type) => {
    const { app, code } = await started()
    const body = formOf({ ...grant(code), client_id: app.client.id, client_secret: app.secret }).toString()
    const bytes = new TextEncoder().encode(body)
    const answer = await call('POST', '/oauth/token', {
      body: bytes,
      headers: type === '' ? {} : { 'Content-Type': type },
    })
    await expectRefusal(answer, 400, 'invalid_request')
  })

  it('may say the charset of its form', async () => {
    const { app, code } = await started()
    const body = formOf({ ...grant(code), client_id: app.client.id, client_secret: app.secret }).toString()
    const headers = { 'Content-Type': 'Application/X-WWW-Form-Urlencoded; charset=UTF-8' }
    await tokensIn(await call('POST', '/oauth/token', { body, headers }))
  })

  it.each(['', 'password', 'implicit', 'urn:ietf:params:oauth:grant-type:jwt-bearer', 'constructor', '__proto__'])(
    'has no grant %j',
    async (grant_type) => {
      const { app, user } = await started()
      const given = { grant_type, username: user.email, password: 'correct horse battery' }
      const error = grant_type === '' ? 'invalid_request' : 'unsupported_grant_type'
      await expectRefusal(await ask('/oauth/token', app, given), 400, error)
    },
  )

  it('is told without its body that something is missing', async () => {
    await expectRefusal(await call('POST', '/oauth/token', { headers: FORM }), 401, 'invalid_client')
    await expectRefusal(await call('POST', '/oauth/token'), 400, 'invalid_request')
    expect((await call('POST', '/oauth/token', { body: 'x'.repeat(20_000), headers: FORM })).status).toBe(413)
  })
})

describe('a code', () => {
  it.each([
    ['no code', { code: undefined }, 'invalid_request'],
    ['no redirect address', { redirect_uri: undefined }, 'invalid_grant'],
    ['another registered redirect address', { redirect_uri: 'https://app.example/other' }, 'invalid_grant'],
    ['no verifier', { code_verifier: undefined }, 'invalid_grant'],
    ['another verifier', { code_verifier: newVerifier() }, 'invalid_grant'],
    ['a short verifier', { code_verifier: VERIFIER.slice(1) }, 'invalid_grant'],
    ['a long verifier', { code_verifier: VERIFIER.padEnd(129, 'x') }, 'invalid_grant'],
    ['two verifiers', { code_verifier: [VERIFIER, VERIFIER] }, 'invalid_request'],
    ['another resource', { resource: 'https://b.example' }, 'invalid_target'],
    ['a code that is cut', { code: 'lkt_x' }, 'invalid_grant'],
  ])('is not used up with %s', async (_what, given, error) => {
    const app = await insertClient({
      redirect_uris: [CALLBACK, 'https://app.example/other'],
      resources: ['https://a.example', 'https://b.example'],
    })
    const user = await member()
    const code = await grantedCode(app, user.token, { resource: 'https://a.example' })
    await expectRefusal(await exchange(app, code, given), 400, error)
    await tokensIn(await exchange(app, code))
  })

  it('is good for its client alone', async () => {
    const [app, other, user] = [await insertClient(), await insertClient(), await member()]
    const code = await grantedCode(app, user.token)
    await expectRefusal(await exchange(other, code), 400, 'invalid_grant')
    await tokensIn(await exchange(app, code))
    // Not even after it was used can somebody else end what it gave.
    await expectRefusal(await exchange(other, code), 400, 'invalid_grant')
    expect(await eventsOf(user.id)).toEqual(['login_succeeded', 'client_signed_in'])
  })

  it('is void once the session, the account or the client is', async () => {
    const ends: [string, (user: { id: number; token: string }, client: string) => Promise<unknown>][] = [
      ['sign-out', ({ token }) => call('POST', '/user/logout', bearer(token))],
      ['sign-out everywhere', ({ token }) => call('POST', '/user/logout/everywhere', bearer(token))],
      ['disabled', ({ id }) => run('UPDATE users SET disabled_at = 1 WHERE id = ?', id)],
      ['deleted', ({ id }) => run('DELETE FROM users WHERE id = ?', id)],
      ['client deleted', (_, client) => run('DELETE FROM clients WHERE id = ?', client)],
    ]
    for (const [what, end] of ends) {
      const [app, user] = [await insertClient(), await member()]
      const code = await grantedCode(app, user.token)
      await end(user, app.client.id)
      expect([what, (await exchange(app, code)).status]).toEqual([what, what === 'client deleted' ? 401 : 400])
      expect(
        await env.DB.prepare('SELECT count(*) AS n FROM sessions WHERE client_id = ?').bind(app.client.id).first('n'),
      ).toBe(0)
    }
  })

  it('used again ends what it gave, also after its minute, and is recorded once', async () => {
    for (const later of [0, 30, 90]) {
      const [app, user] = [await insertClient(), await member()]
      const code = await grantedCode(app, user.token)
      const tokens = await tokensIn(await exchange(app, code))
      clock.forward(later)
      for (let i = 0; i < 3; i++) await expectRefusal(await exchange(app, code), 400, 'invalid_grant')
      expect((await sessionOf(tokens.access_token))!.revoked_at).toBe(now())
      await expectRefusal(await refreshWith(app, tokens.refresh_token), 400, 'invalid_grant')
      expect(await eventsOf(user.id)).toEqual(['login_succeeded', 'client_signed_in', 'code_replayed'])
    }
  })

  it('replayed with a wrong verifier ends nothing', async () => {
    const [app, user] = [await insertClient(), await member()]
    const code = await grantedCode(app, user.token)
    const tokens = await tokensIn(await exchange(app, code))
    await expectRefusal(await exchange(app, code, { code_verifier: newVerifier() }), 400, 'invalid_grant')
    await tokensIn(await refreshWith(app, tokens.refresh_token))
  })

  it('of fifty at once gives tokens to one', MANY, async () => {
    for (let round = 0; round < times(20, 2); round++) {
      const [app, user] = [await insertClient(), await member()]
      const code = await grantedCode(app, user.token)
      const answers = await Promise.all(Array.from({ length: 50 }, () => exchange(app, code)))
      const statuses = answers.map(({ status }) => status)
      expect(statuses.filter((status) => status === 200)).toHaveLength(1)
      expect(statuses.filter((status) => status === 400)).toHaveLength(49)
      const { results } = await env.DB.prepare('SELECT revoked_at FROM sessions WHERE client_id = ?')
        .bind(app.client.id)
        .all()
      expect(results).toEqual([{ revoked_at: now() }])
      expect((await eventsOf(user.id)).sort()).toEqual(['client_signed_in', 'code_replayed', 'login_succeeded'])
    }
  })

  it('of two requests is for its own', async () => {
    const [app, user] = [await insertClient(), await member()]
    const [mine, theirs] = [
      await grantedCode(app, user.token),
      await grantedCode(app, (await member()).token, { code_challenge: 'x'.repeat(43) }),
    ]
    await expectRefusal(await exchange(app, theirs), 400, 'invalid_grant') // injected
    await tokensIn(await exchange(app, mine))
  })
})

describe('a refresh token', () => {
  it('rotates like ours, with our grace and our replay rule', async () => {
    const { app, tokens } = await signedInTo()
    clock.forward(60)
    const second = await tokensIn(await refreshWith(app, tokens.refresh_token))
    expect(second.refresh_token).not.toBe(tokens.refresh_token)
    clock.forward(10)
    expect((await tokensIn(await refreshWith(app, tokens.refresh_token))).refresh_token).toBe(second.refresh_token)
    clock.forward(60)
    await expectRefusal(await refreshWith(app, tokens.refresh_token), 400, 'invalid_grant')
    await expectRefusal(await refreshWith(app, second.refresh_token), 400, 'invalid_grant')
    expect((await sessionOf(tokens.access_token))!.revoked_at).toBe(now())
  })

  it('is good for its client alone, and tells nobody else anything', async () => {
    const { app, user, tokens } = await signedInTo()
    const other = await insertClient()
    await expectRefusal(await refreshWith(other, tokens.refresh_token), 400, 'invalid_grant')
    await expectRefusal(await refreshWith(other, tokens.refresh_token, { scope: 'openid' }), 400, 'invalid_grant')
    await expectRefusal(await refreshWith(app, user.refresh_token), 400, 'invalid_grant')
    const ours = await call('POST', '/user/refresh', { json: { refresh_token: tokens.refresh_token } })
    expect(ours.status).toBe(401)
    expect((await call('POST', '/user/refresh', { json: { refresh_token: user.refresh_token } })).status).toBe(200)
    await tokensIn(await refreshWith(app, tokens.refresh_token))
  })

  it('of a confidential client needs its secret', async () => {
    const { app, tokens } = await signedInTo()
    const without = await refreshWith({ ...app, secret: '' }, tokens.refresh_token)
    await expectRefusal(without, 401, 'invalid_client')
  })

  it('gives no more than was granted, and less for one token', async () => {
    const { app, tokens } = await signedInTo({ scope: 'openid email' })
    for (const scope of ['openid profile', 'admin', 'openid email offline_access']) {
      await expectRefusal(await refreshWith(app, tokens.refresh_token, { scope }), 400, 'invalid_scope')
    }
    expect((await sessionOf(tokens.access_token))!.generation).toBe(0)
    const narrow = await tokensIn(await refreshWith(app, tokens.refresh_token, { scope: 'email' }))
    expect([narrow.scope, 'id_token' in narrow]).toEqual(['email', false])
    const again = await tokensIn(await refreshWith(app, narrow.refresh_token))
    expect(again.scope).toBe('openid email')
    expect(claimsOf(again.id_token)).not.toHaveProperty('nonce')
  })

  it('is for the resource that was granted', async () => {
    const registered = { resources: ['https://a.example', 'https://b.example'] }
    const { app, tokens } = await signedInTo({ resource: 'https://a.example' }, registered)
    await expectRefusal(
      await refreshWith(app, tokens.refresh_token, { resource: 'https://b.example' }),
      400,
      'invalid_target',
    )
    const again = await tokensIn(await refreshWith(app, tokens.refresh_token, { resource: 'https://a.example' }))
    expect(claimsOf(again.access_token).aud).toBe('https://a.example')
  })

  it('says what the account is now', async () => {
    const { app, user, tokens } = await signedInTo()
    await run(`UPDATE users SET name = '앤', email = 'other-' || email WHERE id = ?`, user.id)
    const { id_token } = await tokensIn(await refreshWith(app, tokens.refresh_token))
    expect(claimsOf(id_token)).toMatchObject({ email: `other-${user.email}`, name: '앤' })
  })

  it.each([
    ['sign-out everywhere', ({ token }) => call('POST', '/user/logout/everywhere', bearer(token))],
    ['disabling', ({ id }) => run('UPDATE users SET disabled_at = 1 WHERE id = ?', id)],
    ['deletion', ({ id }) => run('DELETE FROM users WHERE id = ?', id)],
  ] as [string, (user: { id: number; token: string }) => Promise<unknown>][])(
    'with offline_access ends with %s',
    async (_what, end) => {
      const { app, user, tokens } = await signedInTo({ scope: 'openid offline_access' })
      await end(user)
      await expectRefusal(await refreshWith(app, tokens.refresh_token), 400, 'invalid_grant')
    },
  )

  it('lasts with offline_access as long as a session of ours', async () => {
    const { app, user, tokens } = await signedInTo({ scope: 'openid offline_access' })
    expect((await sessionOf(tokens.access_token))!.expires_at).toBe(now() + 30 * 86_400)
    clock.forward(3 * 86_400)
    await run('DELETE FROM sessions WHERE id = ?', user.sid)
    await tokensIn(await refreshWith(app, tokens.refresh_token))
    clock.forward(7 * 86_400)
    await expectRefusal(await refreshWith(app, tokens.refresh_token), 400, 'invalid_grant')
  })

  it('stays with the user who shows again who they are', async () => {
    const { app, user, tokens } = await signedInTo()
    const json = { password: 'correct horse battery staple' }
    const { PASSWORD } = await import('../../support.ts')
    const answer = await call('POST', '/user/reauth', { ...bearer(user.token), json: { ...json, password: PASSWORD } })
    const { access_token } = await answer.json<{ access_token: string }>()
    await tokensIn(await refreshWith(app, tokens.refresh_token))
    expect((await sessionOf(tokens.access_token))!.parent_id).toBe(claimsOf(access_token).sid)
    await call('POST', '/user/logout', bearer(access_token))
    await expectRefusal(await refreshWith(app, tokens.refresh_token), 400, 'invalid_grant')
  })

  it('stays with the user who signs in again in the same browser, and with nobody else', async () => {
    for (const isSame of [true, false]) {
      const { app, user, tokens } = await signedInTo()
      const { email } = isSame ? user : await member()
      const browser = new Visitor(ENV, user.token)
      expect((await browser.go('POST', '/login', { email, password: PASSWORD })).status).toBe(303)
      const refreshed = await refreshWith(app, tokens.refresh_token)
      if (!isSame) await expectRefusal(refreshed, 400, 'invalid_grant')
      else expect((await tokensIn(refreshed)).access_token).toBeDefined()
      const session = await sessionOf(tokens.access_token)
      expect(session!.parent_id).toBe(isSame ? claimsOf(browser.token!).sid : user.sid)
      await browser.go('POST', '/logout', {})
      await expectRefusal(await refreshWith(app, tokens.refresh_token), 400, 'invalid_grant')
    }
  })

  it('of fifty at once moves one generation', MANY, async () => {
    for (let round = 0; round < times(20, 2); round++) {
      const { app, tokens } = await signedInTo()
      clock.forward(60)
      const answers = await Promise.all(Array.from({ length: 50 }, () => refreshWith(app, tokens.refresh_token)))
      const all = await Promise.all(answers.map(tokensIn))
      expect(new Set(all.map(({ refresh_token }) => refresh_token)).size).toBe(1)
      expect((await sessionOf(tokens.access_token))!.generation).toBe(1)
    }
  })
})

describe('client_credentials', () => {
  const registered = { credentials: true, scope: 'openid email read write', resources: ['https://api.example'] }
  const own = { grant_type: 'client_credentials' }

  it('give a token of ten minutes, without a user and a session', async () => {
    const app = await insertClient(registered)
    const tokens = await tokensIn(await ask('/oauth/token', app, { ...own, resource: 'https://api.example' }))
    expect(tokens).toEqual({
      access_token: expect.any(String),
      token_type: 'Bearer',
      expires_in: 600,
      scope: 'read write',
    })
    expect(claimsOf(tokens.access_token)).toEqual({
      iss: 'https://login.example',
      sub: app.client.id,
      client_id: app.client.id,
      aud: 'https://api.example',
      iat: now() - 10,
      exp: now() + 600,
      jti: expect.any(String),
      scope: 'read write',
    })
    const narrow = await tokensIn(await ask('/oauth/token', app, { ...own, scope: 'read' }))
    expect(narrow.scope).toBe('read')
    expect((await call('GET', '/oauth/userinfo', bearer(narrow.access_token))).status).toBe(401)
    expect(
      await env.DB.prepare('SELECT count(*) AS n FROM sessions WHERE client_id = ?').bind(app.client.id).first('n'),
    ).toBe(0)
  })

  it('are for clients that may, for what they may', async () => {
    const app = await insertClient(registered)
    for (const scope of ['openid', 'email', 'offline_access', 'admin'])
      await expectRefusal(await ask('/oauth/token', app, { ...own, scope }), 400, 'invalid_scope')
    await expectRefusal(
      await ask('/oauth/token', app, { ...own, resource: 'https://b.example' }),
      400,
      'invalid_target',
    )
    await expectRefusal(await ask('/oauth/token', await insertClient(), own), 400, 'unauthorized_client')
    await expectRefusal(
      await ask('/oauth/token', await insertClient({ public: true }), own),
      400,
      'unauthorized_client',
    )
    await expectRefusal(await ask('/oauth/token', { ...app, secret: '' }, own), 401, 'invalid_client')
  })
})

describe('POST /oauth/revoke', () => {
  it.each(['refresh_token', 'access_token'] as const)('ends the session of a %s', async (kind) => {
    const { app, user, tokens } = await signedInTo()
    for (const hint of [undefined, 'access_token', 'refresh_token', 'whatever']) {
      const answer = await ask('/oauth/revoke', app, { token: tokens[kind], token_type_hint: hint })
      expect([answer.status, await answer.json()]).toEqual([200, {}])
    }
    expect((await sessionOf(tokens.access_token))!.revoked_at).toBe(now())
    expect((await call('GET', '/oauth/userinfo', bearer(tokens.access_token))).status).toBe(401)
    expect(await eventsOf(user.id)).toEqual(['login_succeeded', 'client_signed_in', 'client_session_ended'])
    expect((await call('GET', '/user/me', bearer(user.token))).status).toBe(200)
  })

  it('ends nothing of anybody else', async () => {
    const { app, user, tokens } = await signedInTo()
    const other = await insertClient()
    for (const token of [
      tokens.refresh_token,
      tokens.access_token,
      tokens.id_token,
      user.token,
      user.refresh_token,
      'x',
      `lkr_${'a'.repeat(76)}`,
    ])
      expect((await ask('/oauth/revoke', other, { token })).status).toBe(200)
    for (const token of [tokens.id_token, user.token, user.refresh_token])
      expect((await ask('/oauth/revoke', app, { token })).status).toBe(200)
    expect((await sessionOf(tokens.access_token))!.revoked_at).toBeNull()
    expect((await sessionOf(user.token))!.revoked_at).toBeNull()
  })

  it('asks who is asking', async () => {
    const { app, tokens } = await signedInTo()
    await expectRefusal(
      await ask('/oauth/revoke', { ...app, secret: 'x' }, { token: tokens.refresh_token }),
      401,
      'invalid_client',
    )
    await expectRefusal(await ask('/oauth/revoke', app, {}), 400, 'invalid_request')
    expect((await sessionOf(tokens.access_token))!.revoked_at).toBeNull()
  })
})
