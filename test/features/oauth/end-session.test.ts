import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import {
  type App,
  bearer,
  browse,
  CALLBACK,
  call,
  clock,
  cookieOf,
  EC,
  eventsOf,
  exchange,
  formOf,
  freshDatabase,
  type Given,
  grantedCode,
  insertClient,
  leadsTo,
  type Member,
  now,
  postForm,
  RSA,
  sessionFor,
  signedInTo,
  signedWith,
  submit,
  tokensIn,
} from '../../support.ts'
import { words } from '../../words.ts'

freshDatabase()

const BYE = 'https://app.example/bye'
const say = words.en.oauth
const registered = { post_logout_redirect_uris: [BYE, 'http://localhost/bye', 'com.example.app:/bye'] }
const path = (given: Given) => `/oauth/end-session?${formOf(given).toString()}`
const stands = async (id: string) =>
  (await env.DB.prepare('SELECT revoked_at FROM sessions WHERE id = ?').bind(id).first('revoked_at')) === null
const sidOf = (token: string) =>
  (JSON.parse(atob(token.split('.')[1]!.replaceAll('-', '+').replaceAll('_', '/'))) as { sid: string }).sid
const leave = (given: Given, user?: Pick<Member, 'token'>) => browse(path(given), user?.token)

async function signedIn(given: Given = {}) {
  const { app, user, tokens } = await signedInTo(given, registered)
  return { app, user, tokens, hint: { id_token_hint: tokens.id_token }, sid: sidOf(tokens.id_token) }
}
const again = async (app: App, token: string) => tokensIn(await exchange(app, await grantedCode(app, token)))

describe('an application that signs its user out', () => {
  it('is obeyed with its id token, and gets the user and the state back', async () => {
    const { user, hint, sid } = await signedIn()
    const answer = await leave({ ...hint, post_logout_redirect_uri: BYE, state: 'a&b=c' }, user)
    expect(leadsTo(answer)).toEqual([303, `${BYE}?state=a%26b%3Dc`])
    expect(answer.headers.get('Set-Cookie')).toMatch(/^__Host-latchkey=; Max-Age=0/)
    expect([await stands(user.sid), await stands(sid)]).toEqual([false, false])
    expect((await eventsOf(user.id)).at(-1)).toBe('logged_out')
    expect((await call('GET', '/user/me', bearer(user.token))).status).toBe(401)
  })

  it('is obeyed with an id token that expired, which only says which session is meant', async () => {
    const { user, hint } = await signedIn()
    clock.forward(7_200)
    expect(leadsTo(await leave({ ...hint, post_logout_redirect_uri: BYE }, user))).toEqual([303, BYE])
    expect(await stands(user.sid)).toBe(false)
  })

  it('shows a page where it names no address', async () => {
    const { user, hint } = await signedIn()
    const answer = await leave(hint, user)
    expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining(say.signedOut)])
    expect(await stands(user.sid)).toBe(false)
  })

  it('may be signed out of already', async () => {
    const { user, hint, sid } = await signedIn()
    await call('POST', '/user/logout', bearer(user.token))
    for (const who of [user, undefined]) {
      expect(leadsTo(await leave({ ...hint, post_logout_redirect_uri: BYE }, who))).toEqual([303, BYE])
    }
    expect(await stands(sid)).toBe(false)
  })

  it('loses its session where the browser has lost the cookie, but not an offline one', async () => {
    const [online, offline] = [await signedIn(), await signedIn({ scope: 'openid offline_access' })]
    for (const { hint } of [online, offline]) expect((await leave(hint)).status).toBe(200)
    expect([await stands(online.sid), await stands(offline.sid)]).toEqual([false, true])
    expect([await stands(online.user.sid), await stands(offline.user.sid)]).toEqual([true, true])
    expect((await eventsOf(online.user.id)).at(-1)).toBe('client_session_ended')
  })

  it('may send a form, which comes without the cookie', async () => {
    const { user, hint } = await signedIn()
    const form = { ...hint, post_logout_redirect_uri: BYE }
    const answer = await postForm('/oauth/end-session', form, {
      'Sec-Fetch-Site': 'cross-site',
      Origin: 'https://app.example',
    })
    const [status, to] = leadsTo(answer)
    expect([status, to]).toEqual([303, path(form)])
    expect(await stands(user.sid)).toBe(true)
    expect(leadsTo(await browse(to as string, user.token))).toEqual([303, BYE])
    expect(await stands(user.sid)).toBe(false)
  })
})

describe('whoever shows no fitting id token', () => {
  const cases: [string, (signed: Awaited<ReturnType<typeof signedIn>>) => Promise<Given> | Given][] = [
    ['nothing', () => ({})],
    ['a client_id alone', ({ app }) => ({ client_id: app.client.id, post_logout_redirect_uri: BYE })],
    ['the id token of another user', async () => (await signedIn()).hint],
    [
      'the id token of another session of the user',
      async ({ app, user }) => ({ id_token_hint: (await again(app, (await sessionFor(user.id)).token)).id_token }),
    ],
  ]

  it.each(cases)('with %s makes the user be asked, and changes nothing', async (_what, given) => {
    const signed = await signedIn()
    const { user } = signed
    const answer = await leave(await given(signed), user)
    expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining(say.endSession)])
    expect(answer.headers.get('X-Frame-Options')).toBe('DENY')
    expect(answer.headers.get('Set-Cookie')).toBeNull()
    expect(await stands(user.sid)).toBe(true)
  })

  it('signs out once the user says so, on a page of this site alone', async () => {
    const { app, user } = await signedIn()
    const form = { client_id: app.client.id, post_logout_redirect_uri: BYE, state: 's', decision: 'leave' }
    const page = await leave({ ...form, decision: undefined }, user)
    expect(page.headers.get('Content-Security-Policy')).toMatch(/form-action 'self' https:\/\/app\.example;/)
    const html = await page.text()
    for (const [name, value] of Object.entries({ ...form, decision: 'leave' })) {
      expect(html).toContain(`name="${name}" value="${value}"`)
    }
    for (const site of ['cross-site', 'same-site']) {
      const forged = await postForm('/oauth/end-session', form, {
        'Sec-Fetch-Site': site,
        Cookie: cookieOf(user.token),
      })
      expect(forged.headers.get('Location')).toMatch(/^\/oauth\/end-session\?/)
      expect(forged.headers.get('Location')).not.toContain('decision')
    }
    expect((await leave(form, user)).status).toBe(200)
    expect(await stands(user.sid)).toBe(true)
    expect(leadsTo(await submit('/oauth/end-session', form, user.token))).toEqual([303, `${BYE}?state=s`])
    expect(await stands(user.sid)).toBe(false)
  })

  it('is asked in Korean, with the same fields', async () => {
    const { app, user } = await signedIn()
    const html = await (await leave({ client_id: app.client.id, lang: 'ko' }, user)).text()
    expect(html).toContain(words.ko.oauth.endSession)
    expect(html).toContain(`name="client_id" value="${app.client.id}"`)
  })
})

describe('an address that is not registered for it', () => {
  const VARIANTS = [
    'https://evil.example/bye',
    'https://app.example/bye/',
    'https://app.example/bye?x=1',
    'https://app.example/bye#x',
    'https://app.example/BYE',
    'https://app.example/b%79e',
    'https://app.example:443/bye',
    'https://app.example.evil.example/bye',
    'https://evil.example@app.example/bye',
    'https://app.example\\@evil.example/bye',
    'https://app.example/bye/../bye',
    ' https://app.example/bye',
    'https:app.example/bye',
    'HTTPS://app.example/bye',
    'http://app.example/bye',
    '//app.example/bye',
    '/bye',
    'javascript:alert(1)',
    'data:text/html,x',
    'http://localhost.evil.example/bye',
    'http://localhost:99999/bye',
    'http://127.0.0.1/bye',
    'com.example.app:/bye/',
    CALLBACK,
  ]

  it.each(VARIANTS)('is not gone to: %s', async (uri) => {
    const { app, user, hint } = await signedIn()
    for (const given of [hint, { client_id: app.client.id }]) {
      for (const who of [user, undefined]) {
        const answer = await leave({ ...given, post_logout_redirect_uri: uri }, who)
        expect([answer.status, answer.headers.get('Location')]).toEqual([400, null])
        expect(await answer.text()).not.toContain(uri.trim())
      }
    }
    const form = { client_id: app.client.id, post_logout_redirect_uri: uri, decision: 'leave' }
    expect((await submit('/oauth/end-session', form, user.token)).status).toBe(400)
    expect(await stands(user.sid)).toBe(true)
  })

  it('is not gone to without a client, or for another one', async () => {
    const [{ user, hint }, another] = [await signedIn(), await insertClient(registered)]
    const stranger = await insertClient()
    const to = { post_logout_redirect_uri: BYE }
    expect((await leave(to, user)).status).toBe(400)
    expect((await leave({ ...to, client_id: 'nobody' }, user)).status).toBe(400)
    expect((await leave({ ...to, client_id: stranger.client.id }, user)).status).toBe(400)
    expect((await leave({ ...to, ...hint, client_id: another.client.id }, user)).status).toBe(422)
    expect(await stands(user.sid)).toBe(true)
  })

  it.each(['http://localhost:4321/bye', 'com.example.app:/bye'])('is another thing than %s', async (uri) => {
    const { user, hint } = await signedIn()
    expect(leadsTo(await leave({ ...hint, post_logout_redirect_uri: uri }, user))).toEqual([303, uri])
  })
})

describe('what is no id token of ours', () => {
  const claims = (sid: string, aud: string, user_id: number) => ({
    iss: 'https://login.example',
    aud,
    sub: String(user_id),
    sid,
    iat: now(),
    exp: now() + 600,
  })
  type Signed = Awaited<ReturnType<typeof signedIn>>
  const forgeries: [string, (signed: Signed) => Promise<string> | string][] = [
    ['an access token', ({ tokens }) => tokens.access_token],
    ['a refresh token', ({ tokens }) => tokens.refresh_token],
    ['a first-party token', ({ user }) => user.token],
    ['a changed signature', ({ tokens }) => `${tokens.id_token.slice(0, -3)}AAA`],
    [
      'alg none',
      ({ tokens }) => `${btoa('{"alg":"none","typ":"JWT"}').replaceAll('=', '')}.${tokens.id_token.split('.')[1]}.`,
    ],
    [
      'a logout token',
      ({ sid, app, user }) =>
        signedWith(RSA, { alg: 'RS256', typ: 'logout+jwt', kid: RSA.kid }, claims(sid, app.client.id, user.id)),
    ],
    [
      'another issuer',
      ({ sid, app, user }) =>
        signedWith(EC, { alg: 'ES256', typ: 'JWT', kid: EC.kid }, { ...claims(sid, app.client.id, user.id), iss: 'x' }),
    ],
    ['text', () => 'id_token'],
  ]

  it.each(forgeries)('names no session: %s', async (_what, forge) => {
    const signed = await signedIn()
    const answer = await leave({ id_token_hint: await forge(signed), client_id: signed.app.client.id }, signed.user)
    expect(answer.status).toBe(422)
    expect([await stands(signed.user.sid), await stands(signed.sid)]).toEqual([true, true])
  })

  it('is a repeated parameter', async () => {
    const { user, hint, app } = await signedIn()
    const answer = await leave({ ...hint, client_id: [app.client.id, app.client.id] }, user)
    expect(answer.status).toBe(422)
    expect(await stands(user.sid)).toBe(true)
  })
})
