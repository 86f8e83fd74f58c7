import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { config } from '../../../src/config.ts'
import { verifyJwt } from '../../../src/core/keys/signing.ts'
import {
  CALLBACK,
  bearer,
  browse,
  call,
  claimsOf,
  clock,
  grantedCode,
  ENV,
  exchange,
  freshDatabase,
  handleOf,
  insertClient,
  member,
  now,
  PASSWORD,
  postForm,
  refreshWith,
  sentTo,
  signedInTo,
  tokensIn,
} from '../../support.ts'

freshDatabase()

describe('the code grant', () => {
  it('leads from the application to the login, back, and to tokens', async () => {
    const [app, user] = [await insertClient(), await member()]
    const path = await handleOf(app)
    const login = await browse(path)
    expect([login.status, login.headers.get('Location')]).toEqual([
      303,
      `/login?${new URLSearchParams({ return_to: path }).toString()}`,
    ])
    const signedIn = await postForm('/login', { email: user.email, password: PASSWORD, return_to: path })
    expect([signedIn.status, signedIn.headers.get('Location')]).toEqual([303, path])
    const token = /__Host-latchkey=([^;]+)/.exec(signedIn.headers.get('Set-Cookie')!)![1]!
    const done = await browse(path, token)
    expect(done.status).toBe(303)
    const to = new URL(done.headers.get('Location')!)
    expect(to.origin + to.pathname).toBe(CALLBACK)
    expect(Object.fromEntries(to.searchParams)).toEqual({
      code: expect.stringMatching(/^lkt_/),
      state: 'the-state',
      iss: 'https://login.example',
    })
    const answer = await exchange(app, to.searchParams.get('code')!)
    expect(answer.headers.get('Content-Type')).toBe('application/json')
    expect(answer.headers.get('Cache-Control')).toBe('no-store')
    const tokens = await tokensIn(answer)
    expect(tokens).toEqual({
      access_token: expect.any(String),
      token_type: 'Bearer',
      expires_in: 3_600,
      scope: 'openid profile email',
      refresh_token: expect.stringMatching(/^lkr_/),
      id_token: expect.any(String),
    })
    const info = await call('GET', '/oauth/userinfo', bearer(tokens.access_token))
    expect([info.status, await info.json()]).toEqual([
      200,
      { sub: String(user.id), email: user.email, email_verified: true },
    ])
    const again = await tokensIn(await refreshWith(app, tokens.refresh_token))
    expect(again).toMatchObject({ scope: 'openid profile email', refresh_token: expect.stringMatching(/^lkr_/) })
    expect(again.refresh_token).not.toBe(tokens.refresh_token)
    expect((await call('GET', '/oauth/userinfo', bearer(again.access_token))).status).toBe(200)
  })

  it('gives an access token of RFC 9068 and an id token', async () => {
    const { app, user, tokens } = await signedInTo()
    const settings = config(ENV)
    const access = (await verifyJwt(settings, tokens.access_token, { typ: 'at+jwt' }))!
    const at = now()
    expect(access).toEqual({
      iss: 'https://login.example',
      sub: String(user.id),
      aud: 'https://login.example/oauth/userinfo',
      client_id: app.client.id,
      iat: at - 10,
      exp: at + 3_600,
      jti: expect.any(String),
      sid: expect.any(String),
      auth_time: claimsOf(user.token).auth_time,
      acr: 'aal1',
      amr: ['pwd'],
      scope: 'openid profile email',
    })
    const id = (await verifyJwt(settings, tokens.id_token, { typ: 'JWT' }))!
    const { scope: _, client_id: _id, jti: _jti, ...same } = access
    expect(id).toEqual({
      ...same,
      aud: app.client.id,
      nonce: 'the-nonce',
      at_hash: expect.stringMatching(/^[\w-]{22}$/),
      email: user.email,
      email_verified: true,
    })
  })
})

describe('the session of a client', () => {
  it('is the child of the browser’s session', async () => {
    const { app, user, tokens } = await signedInTo({ scope: 'openid' })
    const { sid } = claimsOf(tokens.access_token)
    const row = await env.DB.prepare('SELECT * FROM sessions WHERE id = ?').bind(sid).first()
    const parent = await env.DB.prepare('SELECT * FROM sessions WHERE id = ?').bind(user.sid).first()
    expect(row).toMatchObject({
      user_id: user.id,
      client_id: app.client.id,
      parent_id: user.sid,
      scope: 'openid',
      resource: null,
      auth_time: parent!.auth_time,
      expires_at: parent!.expires_at,
      shown: parent!.shown,
      revoked_at: null,
    })
  })

  it('ends with it, and without it where it has offline_access', async () => {
    for (const [scope, status] of [
      ['openid', 400],
      ['openid offline_access', 200],
    ] as const) {
      const { app, user, tokens } = await signedInTo({ scope })
      expect((await call('POST', '/user/logout', bearer(user.token))).status).toBe(204)
      expect((await refreshWith(app, tokens.refresh_token)).status).toBe(status)
    }
  })

  it('opens no other door', async () => {
    const { user, tokens } = await signedInTo()
    clock.forward(60)
    for (const path of ['/user/me', '/user/sessions'])
      expect((await call('GET', path, bearer(tokens.access_token))).status).toBe(401)
    const refreshed = await call('POST', '/user/refresh', { json: { refresh_token: tokens.refresh_token } })
    expect(refreshed.status).toBe(401)
    expect((await call('GET', '/oauth/userinfo', bearer(user.token))).status).toBe(401)
  })
})

describe('a code', () => {
  it('works once, and used again it ends what it gave', async () => {
    const [app, user] = [await insertClient(), await member()]
    const code = await grantedCode(app, user.token)
    const tokens = await tokensIn(await exchange(app, code))
    expect((await exchange(app, code)).status).toBe(400)
    expect((await refreshWith(app, tokens.refresh_token)).status).toBe(400)
    expect((await call('GET', '/oauth/userinfo', bearer(tokens.access_token))).status).toBe(401)
  })

  it('lives for a minute', async () => {
    const [app, user] = [await insertClient(), await member()]
    const code = await grantedCode(app, user.token)
    clock.forward(61)
    expect((await exchange(app, code)).status).toBe(400)
  })
})

describe('prompt', () => {
  it('none is answered without a page', async () => {
    const app = await insertClient()
    const to = await sentTo(app, undefined, { prompt: 'none' })
    expect(Object.fromEntries(to.searchParams)).toEqual({
      error: 'login_required',
      state: 'the-state',
      iss: 'https://login.example',
    })
  })
})
