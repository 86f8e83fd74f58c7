import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { acrOf } from '../../../src/core/users/ways.ts'
import {
  authorizationRequest,
  browse,
  call,
  CALLBACK,
  callIn,
  claimsOf,
  clock,
  codeAt,
  cookieOf,
  enrolApp,
  ENV,
  exchange,
  formOf,
  freshDatabase,
  grantedCode,
  handleOf,
  insertClient,
  member,
  newVerifier,
  now,
  open,
  PASSWORD,
  run,
  sentTo,
  sessionFor,
  signedInTo,
  submit,
  tokensIn,
} from '../../support.ts'

freshDatabase()

const ISSUER = 'https://login.example'
const answered = (to: URL) => Object.fromEntries(to.searchParams)
const to = (answer: Response) => answer.headers.get('Location') ?? ''

describe('an authorization request', () => {
  const long = 'x'.repeat(10_000)
  it.each([
    ['no response_type', { response_type: undefined }, 'invalid_request'],
    ['implicit', { response_type: 'token' }, 'unsupported_response_type'],
    ['hybrid', { response_type: 'code id_token' }, 'unsupported_response_type'],
    ['id_token', { response_type: 'id_token' }, 'unsupported_response_type'],
    ['a password', { response_type: 'password' }, 'unsupported_response_type'],
    ['fragment', { response_mode: 'fragment' }, 'invalid_request'],
    ['form_post', { response_mode: 'form_post' }, 'invalid_request'],
    ['no PKCE', { code_challenge: undefined, code_challenge_method: undefined }, 'invalid_request'],
    ['no challenge', { code_challenge: undefined }, 'invalid_request'],
    ['no method, which would be plain', { code_challenge_method: undefined }, 'invalid_request'],
    ['plain', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['s256 in another case', { code_challenge_method: 's256' }, 'invalid_request'],
    ['a short challenge', { code_challenge: 'abc' }, 'invalid_request'],
    ['two challenges', { code_challenge: ['a'.repeat(43), 'b'.repeat(43)] }, 'invalid_request'],
    ['two states', { state: ['a', 'b'] }, 'invalid_request'],
    ['two scopes', { scope: ['openid', 'email'] }, 'invalid_request'],
    ['an unknown parameter twice', { x: ['1', '2'] }, 'invalid_request'],
    ['two resources', { resource: ['https://a.example', 'https://b.example'] }, 'invalid_target'],
    ['a resource that is not registered', { resource: 'https://api.example' }, 'invalid_target'],
    ['our own address as a resource', { resource: ISSUER }, 'invalid_target'],
    ['a request object', { request: 'eyJhbGciOiJub25lIn0.e30.' }, 'request_not_supported'],
    ['a request object elsewhere', { request_uri: 'https://evil.example/r' }, 'request_uri_not_supported'],
    ['two of them', { request_uri: ['https://a.example', 'https://b.example'] }, 'request_uri_not_supported'],
    ['a registration', { registration: '{}' }, 'registration_not_supported'],
    ['an unknown prompt', { prompt: 'create' }, 'invalid_request'],
    ['none and something else', { prompt: 'none login' }, 'invalid_request'],
    ['a max_age that is no number', { max_age: '-1' }, 'invalid_request'],
    ['a long state', { state: long }, 'invalid_request'],
    ['a long nonce', { nonce: long }, 'invalid_request'],
    ['a state that is not ASCII', { state: '상태' }, 'invalid_request'],
    ['a nonce with a line break', { nonce: 'a\r\nb' }, 'invalid_request'],
  ])('is refused with %s', async (_what, given, error) => {
    const [app, user] = [await insertClient(), await member()]
    for (const token of [undefined, user.token]) {
      const sent = await sentTo(app, token, given)
      expect(sent.origin + sent.pathname).toBe(CALLBACK)
      expect(answered(sent)).toEqual({
        error,
        error_description: expect.any(String),
        ...(!('state' in given) && { state: 'the-state' }),
        ...(typeof (given as { state?: unknown }).state === 'string' && { state: (given as { state: string }).state }),
        iss: ISSUER,
      })
    }
  })

  it('may be a form, which another site sends without the cookie', async () => {
    const [app, user] = [await insertClient(), await member()]
    const url = new URL(authorizationRequest(app), 'http://latchkey.test')
    const answer = await call('POST', '/oauth/authorize', {
      body: url.searchParams,
      headers: { Origin: 'https://app.example', 'Sec-Fetch-Site': 'cross-site' },
    })
    expect([answer.status, to(answer)]).toEqual([303, expect.stringMatching(/^\/oauth\/continue\/lkt_/)])
    const done = new URL(to(await browse(to(answer), user.token)))
    expect(answered(done)).toMatchObject({ code: expect.any(String), state: 'the-state', iss: ISSUER })
    const twice = await call('POST', '/oauth/authorize?client_id=x', { body: 'client_id=y&client_id=z' })
    expect(twice.status).toBe(400)
  })

  it('whose body does not arrive is no failure of ours', async () => {
    const body = new ReadableStream({ pull: (stream) => stream.error(new Error('the client has gone')) })
    const answer = await call('POST', '/oauth/authorize', { body, headers: { 'Content-Length': '50' } })
    expect(answer.status).toBe(400)
  })

  it('keeps what is not the client’s to have out of the scope', async () => {
    const [app, user] = [await insertClient({ scope: 'openid email read:mail' }), await member()]
    const code = await grantedCode(app, user.token, { scope: 'openid profile email  email read:mail write:mail admin' })
    const tokens = await tokensIn(await exchange(app, code))
    expect(tokens.scope).toBe('openid email read:mail')
    expect(claimsOf(tokens.access_token).scope).toBe('openid email read:mail')
  })

  it('gives no id token without openid', async () => {
    const [app, user] = [await insertClient(), await member()]
    for (const scope of ['email', undefined]) {
      const tokens = await tokensIn(await exchange(app, await grantedCode(app, user.token, { scope })))
      expect(tokens).not.toHaveProperty('id_token')
      expect(tokens.scope).toBe(scope ?? '')
    }
  })

  it('of a client that is exempt from PKCE needs a nonce', async () => {
    const [app, user] = [await insertClient({ pkce: false }), await member()]
    const without = { code_challenge: undefined, code_challenge_method: undefined }
    expect(answered(await sentTo(app, user.token, { ...without, nonce: undefined }))).toMatchObject({
      error: 'invalid_request',
    })
    const code = await grantedCode(app, user.token, without)
    for (const code_verifier of ['decoy', newVerifier()])
      expect((await exchange(app, code, { code_verifier })).status).toBe(400)
    await tokensIn(await exchange(app, code, { code_verifier: undefined }))
    // Whoever sends a challenge is held to it.
    const bound = await grantedCode(app, user.token)
    expect((await exchange(app, bound, { code_verifier: undefined })).status).toBe(400)
    await tokensIn(await exchange(app, bound))
    const plain = await sentTo(app, user.token, { code_challenge_method: 'plain' })
    expect(answered(plain)).toMatchObject({ error: 'invalid_request' })
  })

  it('is for whoever brings the handle, for ten minutes', async () => {
    const [app, user] = [await insertClient(), await member()]
    const path = await handleOf(app)
    expect(to(await browse(path, user.token))).toContain('code=')
    clock.forward(599)
    expect(to(await browse(path, user.token))).toContain('code=')
    clock.forward(1)
    const late = await browse(path, user.token)
    expect([late.status, late.headers.get('Location')]).toEqual([401, null])
    expect(await late.text()).toContain('Please start again')
  })

  it('ends with its client, and with its redirect address', async () => {
    const [app, user] = [await insertClient(), await member()]
    const path = await handleOf(app)
    await run(`UPDATE clients SET redirect_uris = '["https://app.example/other"]' WHERE id = ?`, app.client.id)
    expect((await browse(path, user.token)).status).toBe(400)
    await run('DELETE FROM clients WHERE id = ?', app.client.id)
    expect((await browse(path, user.token)).status).toBe(400)
  })

  it.each(['x', 'lkt_x', `lkt_${'A'.repeat(200)}`])('has no handle like %s', async (handle) => {
    const { token } = await member()
    expect((await browse(`/oauth/continue/${handle}`, token)).status).toBe(401)
    expect((await submit(`/oauth/continue/${handle}`, { decision: 'allow' }, token)).status).toBe(401)
  })

  it('does not exist without keys', async () => {
    const app = await insertClient()
    const own = { ...ENV, SIGNING_KEYS: '' } as unknown as Env
    for (const path of [authorizationRequest(app), '/oauth/continue/x', '/.well-known/openid-configuration'])
      expect((await browse(path, undefined, own)).status).toBe(404)
    for (const path of ['/oauth/token', '/oauth/userinfo', '/oauth/revoke'])
      expect((await callIn(own, 'POST', path, { body: formOf({ client_id: app.client.id }) })).status).toBe(404)
  })
})

describe('the login', () => {
  it('knows the address and the language that the application asks for', async () => {
    const app = await insertClient()
    const path = await handleOf(app, { login_hint: 'ann@example.com', ui_locales: 'fr-CA ko-KR en' })
    const location = to(await browse(path))
    expect(Object.fromEntries(new URL(location, ISSUER).searchParams)).toEqual({
      return_to: path,
      login_hint: 'ann@example.com',
      lang: 'ko',
    })
    const page = await (await open(location)).text()
    expect(page).toContain('value="ann@example.com"')
    expect(page).toContain('lang="ko"')
    const chosen = await call('GET', path, { headers: { Cookie: '__Host-lang=en; lang=en' } })
    expect(new URL(to(chosen), ISSUER).searchParams.get('lang')).toBeNull()
  })

  it('takes a hint as text, whatever is in it', async () => {
    const page = await (await open('/login?login_hint=%22%3E%3Cscript%3Ealert(1)%3C/script%3E')).text()
    expect(page).not.toContain('<script>alert')
  })

  it.each([
    [CALLBACK, 'https://app.example'],
    ['http://127.0.0.1:49152/callback', 'http://127.0.0.1:49152'],
    ['http://[::1]:49152/callback', 'http:'],
    ['com.example.app:/callback', 'com.example.app:'],
  ])('may lead to %s in the end', async (redirect_uri, source) => {
    const app = await insertClient({
      redirect_uris: [CALLBACK, 'http://127.0.0.1/callback', 'http://[::1]/callback', 'com.example.app:/callback'],
    })
    const path = await handleOf(app, { redirect_uri })
    const policy = (answer: Response) => /form-action ([^;]+);/.exec(answer.headers.get('Content-Security-Policy')!)![1]
    const address = `/login?${formOf({ return_to: path }).toString()}`
    expect(policy(await open(address))).toBe(`'self' ${source}`)
    const failed = await submit('/login', { email: 'x@example.com', password: 'wrong', return_to: path })
    expect([failed.status, policy(failed)]).toEqual([401, `'self' ${source}`])
    const forged = `${path.slice(0, -1)}${path.endsWith('A') ? 'B' : 'A'}`
    expect(policy(await open(`/login?${formOf({ return_to: forged }).toString()}`))).toBe(`'self'`)
    clock.forward(600)
    expect(policy(await open(address))).toBe(`'self'`)
  })

  it('returns to the request after signing out to change the account', async () => {
    const [app, user] = [await insertClient(), await member()]
    const path = await handleOf(app)
    const out = await submit('/logout', { return_to: path }, user.token)
    expect(to(out)).toBe(`/login?${formOf({ return_to: path }).toString()}`)
    const elsewhere = await submit('/logout', { return_to: 'https://evil.example' }, (await member()).token)
    expect(to(elsewhere)).toBe('/login')
  })
})

describe('prompt and max_age', () => {
  const confirm = async (path: string, token: string): Promise<string> => {
    const answer = await submit('/account/confirm', { password: PASSWORD, return_to: path }, token)
    expect([answer.status, to(answer)]).toEqual([303, `${path}?done=confirmed`])
    return /__Host-latchkey=([^;]+)/.exec(answer.headers.get('Set-Cookie')!)![1]!
  }

  it.each([
    ['login', { prompt: 'login' }],
    ['max_age', { max_age: '30' }],
    ['max_age of 0', { max_age: '0' }],
  ])('ask who it is again: %s', async (_what, given) => {
    const [app, user] = [await insertClient(), await member()]
    clock.forward(60)
    const path = await handleOf(app, given)
    const asked = await browse(path, user.token)
    expect(to(asked)).toBe(`/account/confirm?return_to=${path}`)
    expect(asked.headers.get('Location')).not.toContain('code=')
    const form = await open(to(asked), user.token)
    expect(form.headers.get('Content-Security-Policy')).toContain(`form-action 'self' https://app.example;`)
    clock.forward(20)
    const token = await confirm(path, user.token)
    const code = new URL(to(await browse(`${path}?done=confirmed`, token))).searchParams.get('code')!
    const tokens = await tokensIn(await exchange(app, code))
    expect(claimsOf(tokens.id_token).auth_time).toBe(now())
  })

  it('take a sign-in of since the request', async () => {
    const app = await insertClient()
    for (const given of [{ prompt: 'login' }, { prompt: 'select_account' }, { max_age: '0' }]) {
      const path = await handleOf(app, given)
      clock.forward(5)
      expect(to(await browse(path, (await member()).token))).toContain('code=')
    }
  })

  it.each([{ prompt: 'login' }, { prompt: 'select_account' }, { max_age: '0' }])(
    'take no sign-in of before, even in the same second: %o',
    async (given) => {
      const [app, user] = [await insertClient(), await member()]
      const path = to(await browse(authorizationRequest(app, given), user.token))
      const asked = to(await browse(path, user.token))
      expect(asked).toMatch(/^\/(?:account\/confirm|login)\?/)
      const token = await confirm(path, user.token)
      expect(to(await browse(path, token))).toContain('code=')
    },
  )

  it('take no password alone of an account that asks for two factors', async () => {
    const [app, user] = [await insertClient(), await member()]
    const { secret } = await enrolApp(user)
    const shown = JSON.stringify({ password: now(), totp: now() })
    await run('UPDATE sessions SET shown = ? WHERE id = ?', shown, user.sid)
    expect(await grantedCode(app, user.token, { max_age: '60', acr_values: 'aal2' })).toMatch(/^lkt_/)
    clock.forward(120)
    for (const given of [{ prompt: 'login' }, { max_age: '60' }]) {
      const path = await handleOf(app, given)
      const token = await confirm(path, user.token)
      expect(to(await browse(`${path}?done=confirmed`, token))).toMatch(/^\/account\/confirm/)
      const answer = await submit('/account/confirm', { totp: await codeAt(secret), return_to: path }, token)
      user.token = /__Host-latchkey=([^;]+)/.exec(answer.headers.get('Set-Cookie')!)![1]!
      expect(to(await browse(path, user.token))).toContain('code=')
      clock.forward(120)
    }
  })

  it('are no obstacle where the sign-in is young enough', async () => {
    const [app, user] = [await insertClient(), await member()]
    clock.forward(60)
    const tokens = await tokensIn(await exchange(app, await grantedCode(app, user.token, { max_age: '60' })))
    expect(claimsOf(tokens.id_token).auth_time).toBe(now() - 60)
  })

  it.each([
    ['nobody is signed in', undefined, {}, 'login_required'],
    ['the sign-in is too old', 'user', { max_age: '30' }, 'login_required'],
    ['the level is too low', 'user', { acr_values: 'aal2' }, 'login_required'],
    ['the application is new to the user', 'user', { third: true }, 'consent_required'],
  ])(
    'none is answered without a page when %s',
    async (_when, who, { third, ...given }: Record<string, unknown>, error) => {
      const [app, user] = [await insertClient({ third_party: third === true }), await member()]
      clock.forward(60)
      const sent = await sentTo(app, who && user.token, { prompt: 'none', ...(given as Record<string, string>) })
      expect(answered(sent)).toEqual({ error, state: 'the-state', iss: ISSUER })
    },
  )

  it('none gives a code to who is signed in', async () => {
    const [app, user] = [await insertClient(), await member()]
    expect(await grantedCode(app, user.token, { prompt: 'none' })).toMatch(/^lkt_/)
  })

  it('select_account shows who is signed in, and another way', async () => {
    const [app, user] = [await insertClient(), await member()]
    clock.forward(1)
    const path = await handleOf(app, { prompt: 'select_account' })
    const asked = to(await browse(path, user.token))
    const next = new URL(asked, ISSUER).searchParams.get('return_to')!
    expect(next).not.toBe(path)
    const page = await (await open(asked, user.token)).text()
    expect(page).toContain(user.email)
    expect(page).toContain(`href="${next}"`)
    expect(page).toContain('action="/logout"')
    expect(page).toContain(`name="return_to" value="${next}"`)
    expect(to(await browse(next, user.token))).toContain('code=')
  })

  it('consent is not asked for the operator’s own applications', async () => {
    const [app, user] = [await insertClient(), await member()]
    expect(await grantedCode(app, user.token, { prompt: 'consent' })).toMatch(/^lkt_/)
  })
})

describe('id_token_hint', () => {
  it('is answered about its user, and about nobody else', async () => {
    const { app, user, tokens } = await signedInTo()
    const id_token_hint = tokens.id_token
    expect(await grantedCode(app, user.token, { id_token_hint })).toMatch(/^lkt_/)
    const other = await member()
    for (const prompt of [undefined, 'none', 'login'])
      expect(answered(await sentTo(app, other.token, { id_token_hint, prompt }))).toEqual({
        error: 'login_required',
        state: 'the-state',
        iss: ISSUER,
      })
    const path = await handleOf(app, { id_token_hint })
    expect(to(await browse(path))).toMatch(/^\/login\?/)
    expect(answered(new URL(to(await browse(path, other.token))))).toMatchObject({ error: 'login_required' })
    clock.forward(30 * 86_400) // a hint may have expired
    const again = await sessionFor(user.id)
    expect(await grantedCode(app, again.token, { id_token_hint, prompt: 'none' })).toMatch(/^lkt_/)
  })

  it('must be an id token of the same client', async () => {
    const [{ tokens }, { app, user, tokens: own }] = [await signedInTo(), await signedInTo()]
    const unsigned = own.id_token.replace(/[^.]*$/, '')
    for (const id_token_hint of [tokens.id_token, own.access_token, own.refresh_token, unsigned, 'x'])
      expect(answered(await sentTo(app, user.token, { id_token_hint }))).toMatchObject({ error: 'invalid_request' })
  })
})

describe('acr_values', () => {
  it('lead to a second factor, and say so if there is none', async () => {
    const [app, user] = [await insertClient(), await member()]
    const path = await handleOf(app, { acr_values: 'aal2' })
    expect(to(await browse(path, user.token))).toBe(`/account/confirm?return_to=${path}`)
    const back = new URL(to(await browse(`${path}?done=confirmed`, user.token)))
    expect(answered(back)).toEqual({ error: 'unmet_authentication_requirements', state: 'the-state', iss: ISSUER })
  })

  it('are met by a session of two factors, whose methods are in the tokens', async () => {
    const [app, user] = [await insertClient(), await member()]
    const shown = { password: now(), totp: now() }
    expect(acrOf(Object.keys(shown), (await import('../../../src/app.ts')).registry.methods)).toBe('aal2')
    await run('UPDATE sessions SET shown = ? WHERE id = ?', JSON.stringify(shown), user.sid)
    const code = await grantedCode(app, user.token, { acr_values: 'aal2' })
    const { id_token, access_token } = await tokensIn(await exchange(app, code))
    for (const token of [id_token, access_token])
      expect(claimsOf(token)).toMatchObject({ acr: 'aal2', amr: ['pwd', 'otp', 'mfa'] })
  })

  it.each(['aal1', 'aal1 aal2', 'aal2 aal1', 'urn:mace:incommon:iap:silver'])(
    'ask for nothing more with %s',
    async (acr_values) => {
      const [app, user] = [await insertClient(), await member()]
      expect(await grantedCode(app, user.token, { acr_values })).toMatch(/^lkt_/)
    },
  )

  it('demanded of everybody, lead to the login', async () => {
    const [app, user] = [await insertClient(), await member()]
    const own = { ...ENV, SECOND_FACTOR: 'everyone' } as Env
    const path = await handleOf(app)
    expect(to(await browse(path, user.token, own))).toMatch(/^\/login\?return_to=/)
    const none = await browse(await handleOf(app, { prompt: 'none' }), user.token, own)
    expect(answered(new URL(to(none)))).toMatchObject({ error: 'login_required' })
  })
})

describe('resource', () => {
  it('is the audience of the token, and of no other service', async () => {
    const [app, user] = [await insertClient({ resources: ['https://api.example/v1'] }), await member()]
    const code = await grantedCode(app, user.token, { resource: 'https://api.example/v1' })
    for (const resource of ['https://api.example/', 'https://api.example/v2', ISSUER])
      expect((await exchange(app, code, { resource })).status).toBe(400)
    const tokens = await tokensIn(await exchange(app, code, { resource: 'https://api.example/v1' }))
    expect(claimsOf(tokens.access_token).aud).toBe('https://api.example/v1')
    const info = await call('GET', '/oauth/userinfo', { headers: { Authorization: `Bearer ${tokens.access_token}` } })
    expect(info.status).toBe(401)
    const row = await env.DB.prepare('SELECT resource FROM sessions WHERE id = ?')
      .bind(claimsOf(tokens.access_token).sid)
      .first('resource')
    expect(row).toBe('https://api.example/v1')
  })

  it('may not come at the token endpoint alone', async () => {
    const [app, user] = [await insertClient({ resources: ['https://api.example/v1'] }), await member()]
    const code = await grantedCode(app, user.token)
    expect((await exchange(app, code, { resource: 'https://api.example/v1' })).status).toBe(400)
    await tokensIn(await exchange(app, code))
  })

  it('is never JWT_AUDIENCE, even if a row says so', async () => {
    const [app, user] = [await insertClient({ resources: ['https://api.example/v1'] }), await member()]
    const own = { ...ENV, JWT_AUDIENCE: 'https://api.example/v1' } as Env
    const answer = await browse(authorizationRequest(app, { resource: 'https://api.example/v1' }), user.token, own)
    expect(answered(new URL(to(answer)))).toMatchObject({ error: 'invalid_target' })
  })
})

describe('consent', () => {
  const third = () => insertClient({ third_party: true, name: 'Somebody Else' })

  it('is asked of people for clients of others, on a page that no frame shows', async () => {
    const [app, user] = [await third(), await member()]
    const page = await browse(await handleOf(app), user.token)
    expect(page.status).toBe(200)
    expect(page.headers.get('X-Frame-Options')).toBe('DENY')
    expect(page.headers.get('Content-Security-Policy')).toContain("frame-ancestors 'none'")
    expect(page.headers.get('Content-Security-Policy')).toContain(`form-action 'self' https://app.example;`)
    expect(await page.text()).toContain('Somebody Else')
  })

  it('is given by a form of this site alone', async () => {
    const [app, user] = [await third(), await member()]
    const path = await handleOf(app)
    for (const headers of [
      { 'Sec-Fetch-Site': 'cross-site' },
      { 'Sec-Fetch-Site': 'same-site' },
      { Origin: 'https://evil.example' },
      {},
    ]) {
      const answer = await call('POST', path, {
        body: formOf({ decision: 'allow' }),
        headers: { ...headers, Cookie: cookieOf(user.token) } as Record<string, string>,
      })
      expect([answer.status, answer.headers.get('Location')]).toEqual([403, null])
    }
    expect(await env.DB.prepare('SELECT count(*) AS n FROM consents WHERE user_id = ?').bind(user.id).first('n')).toBe(
      0,
    )
    const stranger = await submit(path, { decision: 'allow' })
    expect(to(stranger)).toMatch(/^\/login/)
  })

  it('is remembered for its scope, and asked again for more', async () => {
    const [app, user] = [await third(), await member()]
    const allowed = await submit(await handleOf(app, { scope: 'openid' }), { decision: 'allow' }, user.token)
    await tokensIn(await exchange(app, new URL(to(allowed)).searchParams.get('code')!))
    expect(await grantedCode(app, user.token, { scope: 'openid' })).toMatch(/^lkt_/)
    expect((await browse(await handleOf(app, { scope: 'openid email' }), user.token)).status).toBe(200)
    expect((await browse(await handleOf(app, { scope: 'openid', prompt: 'consent' }), user.token)).status).toBe(200)
    const again = await submit(
      await handleOf(app, { scope: 'openid', prompt: 'consent' }),
      { decision: 'allow' },
      user.token,
    )
    expect(to(again)).toContain('code=')
  })

  it('may be refused', async () => {
    const [app, user] = [await third(), await member()]
    for (const decision of ['deny', '', 'ALLOW']) {
      const denied = await submit(await handleOf(app), { decision }, user.token)
      expect(answered(new URL(to(denied)))).toEqual({ error: 'access_denied', state: 'the-state', iss: ISSUER })
    }
    expect((await browse(await handleOf(app), user.token)).status).toBe(200)
  })

  it('does not replace another step', async () => {
    const [app, user] = [await third(), await member()]
    clock.forward(60)
    const path = await handleOf(app, { max_age: '0' })
    const allowed = await submit(path, { decision: 'allow' }, user.token)
    expect(to(allowed)).toBe(`/account/confirm?return_to=${path}`)
  })

  it('withdrawn, voids the code under way', async () => {
    const [app, user] = [await third(), await member()]
    const allowed = await submit(await handleOf(app), { decision: 'allow' }, user.token)
    await run('DELETE FROM consents WHERE user_id = ?', user.id)
    expect((await exchange(app, new URL(to(allowed)).searchParams.get('code')!)).status).toBe(400)
  })
})
