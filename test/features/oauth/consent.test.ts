import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { withdraw } from '../../../src/features/applications/withdraw.ts'
import {
  type App,
  browse,
  cookieOf,
  call,
  callBy,
  clientSession,
  exchange,
  freshDatabase,
  grantedCode,
  handleOf,
  insertClient,
  leadsTo,
  member,
  type Member,
  postForm,
  run,
  sentTo,
  submit,
  tokensIn,
  bearer,
  type Given,
} from '../../support.ts'
import { words } from '../../words.ts'

freshDatabase()

const say = words.en.oauth
const other = () => insertClient({ name: 'Their <App>', third_party: true })
const consents = (user: Member) =>
  env.DB.prepare('SELECT client_id, scope FROM consents WHERE user_id = ?').bind(user.id).all()
const asks = async (app: App, user: Member, given: Given = {}) => {
  const path = await handleOf(app, given)
  const page = await browse(path, user.token)
  return { path, page, html: await page.text() }
}
const decide = (path: string, user: Member, decision: string, more = {}) =>
  submit(path, { decision, user_id: String(user.id), ...more }, user.token)
const answered = (answer: Response) => new URL(answer.headers.get('Location')!).searchParams

describe('the question for consent', () => {
  it('says who asks, whom, for what, and where it leads', async () => {
    const [app, user] = [await other(), await member()]
    await run(`UPDATE users SET name = 'Ann <b>' WHERE id = ?`, user.id)
    const given = { scope: 'openid profile email offline_access' }
    const { page, html, path } = await asks(app, user, given)
    expect(page.status).toBe(200)
    expect(html).toContain('Sign in to Their &lt;App&gt;')
    for (const text of [say.openid, user.email, 'Ann &lt;b&gt;', say.offline, 'https://app.example', say.takeBack]) {
      expect(html).toContain(text)
    }
    expect(html).not.toContain('<App>')
    expect(html).toContain(`<form method="post" action="${path}">`)
    const korean = await (await browse(`${path}?lang=ko`, user.token)).text()
    expect(korean).toContain(words.ko.oauth.consentWhy)
  })

  it('shows a word of the operator’s own as it is, and nothing of what was not asked for', async () => {
    const app = await insertClient({ third_party: true, scope: 'openid email notes:<read>' })
    const { html } = await asks(app, await member(), { scope: 'openid notes:<read> admin' })
    expect(html).toContain('<code>notes:&lt;read&gt;</code>')
    for (const text of [say.email, 'admin']) expect(html.split('<main>')[1]!.split('</main>')[0]).not.toContain(text)
  })

  it('cannot be framed, kept, or sent elsewhere than to the application', async () => {
    const { page } = await asks(await other(), await member())
    expect(page.headers.get('X-Frame-Options')).toBe('DENY')
    expect(page.headers.get('Cache-Control')).toBe('no-store')
    const policy = page.headers.get('Content-Security-Policy')!
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).toMatch(/form-action 'self' https:\/\/app\.example;/)
  })

  it('is asked of nobody for an application of the operator', async () => {
    const [app, user] = [await insertClient(), await member()]
    expect(await grantedCode(app, user.token)).toMatch(/^lkt_/)
    expect((await consents(user)).results).toEqual([])
  })
})

describe('a consent', () => {
  it('is given once, for what was asked, and less', async () => {
    const [app, user] = [await other(), await member()]
    const { path } = await asks(app, user, { scope: 'openid email' })
    const answer = await decide(path, user, 'allow')
    expect(answered(answer).get('code')).toMatch(/^lkt_/)
    expect((await consents(user)).results).toEqual([{ client_id: app.client.id, scope: 'openid email' }])
    for (const scope of ['openid email', 'email openid', 'openid', 'openid email nothing']) {
      expect(await grantedCode(app, user.token, { scope })).toMatch(/^lkt_/)
    }
    expect((await sentTo(app, user.token, { scope: 'openid', prompt: 'none' })).searchParams.get('error')).toBeNull()
  })

  it('is asked for again for more, and adds to what was allowed', async () => {
    const [app, user] = [await other(), await member()]
    await decide((await asks(app, user, { scope: 'openid email' })).path, user, 'allow')
    const more = { scope: 'openid profile' }
    expect((await asks(app, user, more)).page.status).toBe(200)
    const silent = await sentTo(app, user.token, { ...more, prompt: 'none' })
    expect(silent.searchParams.get('error')).toBe('consent_required')
    await decide((await asks(app, user, more)).path, user, 'allow')
    expect(await grantedCode(app, user.token, { scope: 'openid profile email' })).toMatch(/^lkt_/)
  })

  it('is one user’s, for one application', async () => {
    const [app, another, user, somebody] = [await other(), await other(), await member(), await member()]
    await decide((await asks(app, user)).path, user, 'allow')
    expect((await asks(app, somebody)).page.status).toBe(200)
    expect((await asks(another, user)).page.status).toBe(200)
  })

  it.each(['deny', '', 'Allow'])(
    'is not given by the answer %j, of which the application is told',
    async (decision) => {
      const [app, user] = [await other(), await member()]
      const answer = await decide((await asks(app, user)).path, user, decision)
      expect(Object.fromEntries(answered(answer))).toEqual({
        error: 'access_denied',
        state: 'the-state',
        iss: 'https://login.example',
      })
      expect((await consents(user)).results).toEqual([])
    },
  )

  it.each<[string, Record<string, string>]>([
    ['another site', { 'Sec-Fetch-Site': 'cross-site' }],
    ['a sibling', { 'Sec-Fetch-Site': 'same-site' }],
    ['the application', { 'Sec-Fetch-Site': 'cross-site', Origin: 'https://app.example' }],
    ['a sandboxed frame', { 'Sec-Fetch-Site': 'cross-site', Origin: 'null' }],
    ['an old browser on another site', { Origin: 'https://evil.example' }],
  ])('is not given by a form of %s', async (_whose, headers) => {
    const [app, user] = [await other(), await member()]
    const { path } = await asks(app, user)
    const form = { decision: 'allow', user_id: String(user.id) }
    const answer = await postForm(path, form, { ...headers, Cookie: cookieOf(user.token) })
    expect([answer.status, answer.headers.get('Location')]).toEqual([403, null])
    expect((await consents(user)).results).toEqual([])
  })

  it('is not given by a user who signed in after the question was asked of another', async () => {
    const [app, user, somebody] = [await other(), await member(), await member()]
    const { path } = await asks(app, user)
    const answer = await submit(path, { decision: 'allow', user_id: String(user.id) }, somebody.token)
    expect(answer.status).toBe(403)
    expect((await consents(somebody)).results).toEqual([])
  })

  it('is not given by a link, nor without a session', async () => {
    const [app, user] = [await other(), await member()]
    const { path } = await asks(app, user)
    expect((await browse(`${path}?decision=allow&user_id=${user.id}`, user.token)).status).toBe(200)
    expect(leadsTo(await submit(path, { decision: 'allow' }))[0]).toBe(303)
    await call('POST', '/user/logout', bearer(user.token))
    const ended = await decide(path, user, 'allow')
    expect(ended.headers.get('Location')).toMatch(/^\/login/)
    expect((await consents(user)).results).toEqual([])
  })

  it('is not given for another scope, or by another handle, than the page showed', async () => {
    const [app, user] = [await other(), await member()]
    const { path } = await asks(app, user, { scope: 'openid' })
    await decide(path, user, 'allow', { scope: 'openid email', client_id: (await other()).client.id })
    expect((await consents(user)).results).toEqual([{ client_id: app.client.id, scope: 'openid' }])
    const forged = await decide(`${path.slice(0, -2)}AA`, user, 'allow')
    expect(forged.status).toBe(401)
  })

  it('ends with the application', async () => {
    const [app, user] = [await other(), await member()]
    const { path } = await asks(app, user)
    await run('DELETE FROM clients WHERE id = ?', app.client.id)
    const answer = await decide(path, user, 'allow')
    expect(answer.headers.get('Location') ?? '').not.toContain('code=')
    expect((await consents(user)).results).toEqual([])
  })
})

describe('an application that is removed on the account page', () => {
  const signIn = async (app: App, user: Member, scope: string) => {
    const answer = await decide((await asks(app, user, { scope })).path, user, 'allow')
    return tokensIn(await exchange(app, answered(answer).get('code')!))
  }

  it('is listed there, and asks again after it was removed; its tokens and codes are worth nothing', async () => {
    const [app, user] = [await other(), await member()]
    expect(await (await browse('/account', user.token)).text()).not.toContain(words.en.apps.applications)
    const tokens = await signIn(app, user, 'openid email offline_access')
    const html = await (await browse('/account', user.token)).text()
    expect(html).toContain('Their &lt;App&gt;')
    const kept = await grantedCode(app, user.token, { scope: 'openid' })
    const form = { withdraw: app.client.id }
    expect(leadsTo(await submit('/account/applications', form, user.token))).toEqual([303, '/account?done=withdrawn'])
    expect((await call('GET', '/oauth/userinfo', bearer(tokens.access_token))).status).toBe(401)
    expect((await exchange(app, kept)).status).toBe(400)
    expect((await asks(app, user, { scope: 'openid' })).page.status).toBe(200)
    expect((await submit('/account/applications', form, user.token)).status).toBe(404)
    expect((await call('GET', '/user/me', bearer(user.token))).status).toBe(200)
  })

  it('is nobody else’s to remove', async () => {
    const [app, user, somebody] = [await other(), await member(), await member()]
    await signIn(app, user, 'openid')
    const path = `/user/applications/${app.client.id}`
    expect((await call('DELETE', path, bearer(somebody.token))).status).toBe(404)
    const { applications } = await (
      await call('GET', '/user/applications', bearer(user.token))
    ).json<{ applications: object[] }>()
    expect(applications).toEqual([
      { client_id: app.client.id, name: 'Their <App>', scope: 'openid', granted_at: expect.any(Number), sessions: 1 },
    ])
    expect((await call('DELETE', path, bearer(user.token))).status).toBe(204)
  })

  it('of the operator is removed, too, and ends as one', async () => {
    const [app, user] = [await insertClient(), await member()]
    const sid = await clientSession({ user_id: user.id, client_id: app.client.id, parent_id: user.sid })
    const call = { ...callBy(), session: { id: user.sid, user_id: user.id } }
    await withdraw(call as never, app.client.id)
    const row = await env.DB.prepare('SELECT revoked_at FROM sessions WHERE id = ?').bind(sid).first()
    expect(row).toMatchObject({ revoked_at: expect.any(Number) })
    await expect(withdraw(call as never, app.client.id)).rejects.toMatchObject({ code: 'not_found' })
  })
})
