import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { appOf, features } from '../../../src/app.ts'
import {
  administrator,
  bearer,
  Visitor,
  call,
  callIn,
  clock,
  ENV,
  enrolApp,
  eventsOf,
  expectProblem,
  freshDatabase,
  mailedToken,
  MANY,
  member,
  type Member,
  nobody,
  ORIGIN,
  PASSWORD,
  type Person,
  run,
  sessionFor,
  StandIn,
  subjectsTo,
  times,
  withProviders,
} from '../../support.ts'

freshDatabase()

let at: StandIn
let serial = 0
const person = (): Person => ({ sub: String(++serial + 70_000), email: nobody(), email_verified: true })
const OPEN = withProviders({ OIDC_TRUST_EMAIL: 'on' })

beforeEach(() => void (at = new StandIn()))
afterEach(() => void vi.restoreAllMocks())

const identitiesOf = async ({ id }: { id: number }) =>
  (
    await env.DB.prepare('SELECT provider FROM identities WHERE user_id = ? ORDER BY provider')
      .bind(id)
      .all<{ provider: string }>()
  ).results.map(({ provider }) => provider)

const listed = (user: Member, own = OPEN) => callIn(own, 'GET', '/user/identities', bearer(user.token))
const unlink = (user: Member, provider: string, own = OPEN) =>
  callIn(own, 'DELETE', `/user/identities/${provider}`, bearer(user.token))

/** A user whose identity at the provider is connected. */
async function linked(...providers: ('oidc' | 'github' | 'kakao')[]): Promise<Member & { person: Person }> {
  const user = await member()
  const who = person()
  for (const provider of providers) {
    expect((await new Visitor(OPEN, user.token).link(at, provider, who)).status).toBe(303)
  }
  return { ...user, person: who }
}

describe('connecting', () => {
  it('gives the identity to the user, tells them, and lists it', async () => {
    const user = await linked('oidc')
    expect(await identitiesOf(user)).toEqual(['oidc'])
    expect(subjectsTo(user.email)).toEqual(['An account was connected'])
    expect(await eventsOf(user.id)).toContain('identity_added')
    const { identities } = await (await listed(user)).json<{ identities: object[] }>()
    expect(identities).toEqual([
      expect.objectContaining({ provider: 'oidc', email: user.person.email, last_used_at: null }),
    ])
    const page = await (await new Visitor(OPEN, user.token).go('GET', '/account/security')).text()
    expect(page).toContain(user.person.email)
    const browser = new Visitor(OPEN)
    await browser.signInWith(at, 'oidc', user.person)
    const me = await callIn(OPEN, 'GET', '/user/me', bearer(browser.token!))
    expect(await me.json()).toMatchObject({ user_id: user.id, email: user.email })
  })

  it('takes no identity that somebody has, and no second one of a provider', async () => {
    const [one, two] = [await linked('oidc'), await linked('github')]
    const refusedBy = async (user: Member, provider: 'oidc' | 'github', who: Person) => {
      const answer = await new Visitor(OPEN, user.token).link(at, provider, who)
      expect([answer.status, await answer.text()]).toEqual([409, expect.stringContaining('connected already')])
    }
    await refusedBy(two, 'oidc', one.person)
    await refusedBy(one, 'oidc', one.person)
    await refusedBy(one, 'oidc', person())
    expect([await identitiesOf(one), await identitiesOf(two)]).toEqual([['oidc'], ['github']])
  })

  it('is not what a sign-in does, whoever is signed in', async () => {
    const user = await member()
    const who = person()
    const browser = new Visitor(OPEN, user.token)
    await browser.signInWith(at, 'oidc', who)
    expect(await identitiesOf(user)).toEqual([])
    const me = await callIn(OPEN, 'GET', '/user/me', bearer(browser.token!))
    expect(await me.json()).toMatchObject({ email: who.email })
    expect((await callIn(OPEN, 'GET', '/user/me', bearer(user.token))).status).toBe(401) // ended instead
  })

  it.each<[string, (user: Member, browser: Visitor) => Promise<unknown>]>([
    [
      'in another session of the same user',
      async ({ id }, browser) => browser.cookies.set('__Host-latchkey', (await sessionFor(id)).token),
    ],
    [
      'in a session of another user',
      async (_user, browser) => browser.cookies.set('__Host-latchkey', (await member()).token),
    ],
    ['without a session', (_user, browser) => Promise.resolve(browser.cookies.delete('__Host-latchkey'))],
    ['after the session has ended', ({ token }) => call('POST', '/user/logout', bearer(token))],
    ['ten minutes after the password', () => Promise.resolve(clock.forward(599))],
    ['after the account has got a second factor', ({ token }) => enrolApp({ token })],
    ['after the account was disabled', ({ id }) => run('UPDATE users SET disabled_at = 1 WHERE id = ?', id)],
  ])('does not end %s', async (_when, change) => {
    const user = await member()
    clock.forward(5)
    const browser = new Visitor(OPEN, user.token)
    const back = at.authorize('oidc', await browser.leaveToLink('oidc'), person())
    await change(user, browser)
    const answer = await browser.comeBack('oidc', back)
    expect(answer.headers.get('Location') ?? '').not.toContain('done=')
    expect(await identitiesOf(user)).toEqual([])
  })

  it('needs a session that may change factors', async () => {
    const user = await member()
    clock.forward(601)
    const answer = await new Visitor(OPEN, user.token).go('POST', '/account/identities/oidc', { connect: 'yes' })
    expect([answer.status, answer.headers.get('Location')]).toEqual([
      303,
      '/account/confirm?return_to=/account/security',
    ])
    expect(at.requests).toEqual([])
  })

  it('and signing in with it does not stand for the password where there is one', async () => {
    const user = await linked('oidc')
    const browser = new Visitor(OPEN)
    await browser.signInWith(at, 'oidc', user.person)
    const answer = await unlink({ ...user, token: browser.token! }, 'oidc')
    await expectProblem(answer, 401, 'fresh_login_required')
    await expectProblem(await call('POST', '/user/totp', bearer(browser.token!)), 401, 'fresh_login_required')
  })

  it('of fifty at once one identity ends at one account', MANY, async () => {
    const who = person()
    const users = await Promise.all(Array.from({ length: times(50, 12) }, () => member()))
    const backs = await Promise.all(
      users.map(async (user) => {
        const browser = new Visitor(OPEN, user.token)
        return { browser, back: at.authorize('oidc', await browser.leaveToLink('oidc'), who) }
      }),
    )
    const answers = await Promise.all(backs.map(({ browser, back }) => browser.comeBack('oidc', back)))
    expect(answers.filter(({ status }) => status === 303)).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(users.length - 1)
  })
})

describe('disconnecting', () => {
  it('takes the identity away, tells the user, and nothing is left of it', async () => {
    const user = await linked('oidc', 'github')
    expect((await unlink(user, 'oidc')).status).toBe(204)
    expect(await identitiesOf(user)).toEqual(['github'])
    expect(subjectsTo(user.email)).toContain('An account was disconnected')
    expect(await eventsOf(user.id)).toContain('identity_removed')
    await expectProblem(await unlink(user, 'oidc'), 404, 'not_found')
    await expectProblem(await unlink(user, 'nobody'), 404, 'not_found')
  })

  it('is possible where the provider is off', async () => {
    const user = await linked('oidc')
    const own = withProviders({ OIDC_CLIENT_ID: '' })
    const page = await new Visitor(own, user.token).go('POST', '/account/identities/oidc/remove', { remove: 'yes' })
    expect(page.headers.get('Location')).toBe('/account/security?done=identity_removed')
    expect(await identitiesOf(user)).toEqual([])
  })

  it('never takes the last way in, and a provider that is off is none', async () => {
    const settings = { LOGIN_CODES: 'off', OIDC_TRUST_EMAIL: 'on' }
    const own = withProviders(settings)
    const user = await linked('oidc', 'github')
    await run('UPDATE users SET hashed_password = NULL, password_set_at = NULL WHERE id = ?', user.id)
    const fresh = { ...user, ...(await sessionFor(user.id, ['identity'])) }
    await expectProblem(
      await unlink(fresh, 'oidc', withProviders({ ...settings, GITHUB_CLIENT_ID: '' })),
      409,
      'last_way_in',
    )
    expect((await unlink(fresh, 'oidc', own)).status).toBe(204)
    await expectProblem(await unlink(fresh, 'github', own), 409, 'last_way_in')
    expect(await identitiesOf(user)).toEqual(['github'])
  })

  it('counts as a way in when the password is removed', async () => {
    const own = withProviders({ LOGIN_CODES: 'off' })
    const [with_, without] = [await linked('oidc'), await member()]
    expect((await callIn(own, 'DELETE', '/user/password', bearer(with_.token))).status).toBe(204)
    await expectProblem(await callIn(own, 'DELETE', '/user/password', bearer(without.token)), 409, 'last_way_in')
    const off = withProviders({ LOGIN_CODES: 'off', OIDC_CLIENT_ID: '' })
    const other = await linked('oidc')
    await expectProblem(await callIn(off, 'DELETE', '/user/password', bearer(other.token)), 409, 'last_way_in')
  })

  it('two at once leave one', async () => {
    const own = withProviders({ LOGIN_CODES: 'off' })
    for (let i = 0; i < times(20, 5); i++) {
      const user = await linked('oidc', 'github')
      await run('UPDATE users SET hashed_password = NULL, password_set_at = NULL WHERE id = ?', user.id)
      const fresh = { ...user, ...(await sessionFor(user.id, ['identity'])) }
      await Promise.all([unlink(fresh, 'oidc', own), unlink(fresh, 'github', own)])
      expect(await identitiesOf(user)).toHaveLength(1)
    }
  })

  it('is undone by nobody, but the connection is, with the link in its notice', async () => {
    const user = await linked('oidc')
    const { status } = await call('POST', '/user/undo', { json: { token: mailedToken(user.email) } })
    expect(status).toBe(200)
    expect(await identitiesOf(user)).toEqual([])
  })

  it('is undone for seven days, and takes no recovery codes along: it protects against no mailbox', async () => {
    const user = await member()
    await enrolApp({ token: user.token })
    clock.forward(1)
    const { token: own } = await sessionFor(user.id, ['password', 'totp'])
    const who = person()
    expect((await new Visitor(OPEN, own).link(at, 'oidc', who)).status).toBe(303)
    const token = mailedToken(user.email)
    clock.forward(6 * 86_400)
    expect(await (await new Visitor(OPEN).go('GET', `/undo?token=${token}`)).text()).not.toContain('24 hours')
    const undone = await call('POST', '/user/undo', { json: { token } })
    expect(await undone.json()).toEqual({ email_restored: false, factors_removed: 1, factor_stays: false })
    expect(await identitiesOf(user)).toEqual([])
    expect(
      (await new Visitor(OPEN).signInWith(at, 'oidc', { ...who, email: user.email, email_verified: false })).status,
    ).toBe(403)
    const left =
      'SELECT (SELECT count(*) FROM totp WHERE user_id = ?1) AS apps, count(*) AS codes FROM recovery_codes WHERE user_id = ?1'
    expect(await env.DB.prepare(left).bind(user.id).first()).toEqual({ apps: 1, codes: 10 })
  })

  it('works for an administrator, who sees the identity among the factors', async () => {
    const [admin, user] = [await administrator(), await linked('kakao')]
    const path = `/admin/users/${user.id}/factors`
    const { factors } = await (await call('GET', path, bearer(admin.token))).json<{ factors: { id: string }[] }>()
    expect(factors).toEqual([expect.objectContaining({ type: 'identity', name: `Kakao (${user.person.email})` })])
    const removed = await call('DELETE', `${path}/${factors[0]!.id}`, bearer(admin.token))
    expect(removed.status).toBe(204)
    expect(await identitiesOf(user)).toEqual([])
    expect(await eventsOf(user.id)).toContain('factors_removed')
  })
})

describe('pages', () => {
  it.each(['/login', '/register'])(
    '%s without a provider are, byte for byte, what they are without this feature',
    async (path) => {
      const { app } = appOf(features.filter(({ name }) => name !== 'identities'))
      const context = createExecutionContext()
      const without = await app.fetch(new Request(`${ORIGIN}${path}`), ENV, context)
      await waitOnExecutionContext(context)
      expect(await (await call('GET', path)).text()).toBe(await without.text())
    },
  )

  it('without a provider say nothing of any', async () => {
    const user = await member()
    for (const path of ['/login', '/register']) {
      expect(await (await call('GET', path)).text()).not.toMatch(/provider|login\/with/)
    }
    expect(await (await new Visitor(withProviders(), user.token).go('GET', '/account/security')).text()).toContain(
      'Connect Kakao',
    )
    const plain = await call('GET', '/account/security', { headers: { Cookie: `__Host-latchkey=${user.token}` } })
    expect(await plain.text()).not.toMatch(/Connect/)
  })

  it.each(['/login', '/register'])('%s have a link for each, with the page to return to', async (path) => {
    const text = await (await new Visitor(OPEN).go('GET', `${path}?return_to=/account`)).text()
    const links = [...text.matchAll(/href="(\/login\/with\/[^"]+)"/g)].map(([, link]) => link)
    expect(links).toEqual(
      ['kakao', 'naver', 'google', 'apple', 'microsoft', 'github', 'oidc'].map(
        (name) => `/login/with/${name}?return_to=%2Faccount`,
      ),
    )
  })

  it('that confirm offer the providers to whoever has no password', async () => {
    const user = await linked('oidc')
    await run('UPDATE users SET hashed_password = NULL, password_set_at = NULL WHERE id = ?', user.id)
    const browser = new Visitor(OPEN)
    await browser.signInWith(at, 'oidc', user.person)
    clock.forward(601)
    const page = await browser.go('GET', '/account/confirm?return_to=/account/security')
    expect(await page.text()).toContain('href="/login/with/oidc?return_to=%2Faccount%2Fsecurity"')
    await browser.signInWith(at, 'oidc', user.person, {}, '?return_to=/account/security')
    expect((await unlink({ ...user, token: browser.token! }, 'oidc')).status).toBe(204) // a mailed code is left
  })

  it.each([
    [{ keep: 'on' }, 'off', /=lks_[\w-]+; Max-Age/],
    [{}, 'on', /=lks_[\w-]+; Path/],
  ])('that confirm keep what was chosen for the browser: %j', async (chosen, KEEP_SIGNED_IN, expected) => {
    const user = await linked('oidc')
    const browser = new Visitor(withProviders({ OIDC_TRUST_EMAIL: 'on', KEEP_SIGNED_IN }))
    await browser.go('POST', '/login', { email: user.email, password: PASSWORD, asked: 'keep', ...chosen })
    const confirmed = await browser.signInWith(at, 'oidc', user.person, {}, '?return_to=/account/security')
    expect(confirmed.headers.getSetCookie().join()).toMatch(expected)
    browser.cookies.delete('__Host-latchkey')
    expect((await browser.go('GET', '/account')).status).toBe(200)
  })

  it('of a mailed link offer the providers, and change nothing', async () => {
    const page = await (await new Visitor(OPEN).go('GET', `/login/with?token=${'x'.repeat(43)}`)).text()
    expect(page).toContain(`href="/login/with/naver?token=${'x'.repeat(43)}"`)
  })
})
