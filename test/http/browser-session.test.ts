import { env } from 'cloudflare:workers'
import { Hono } from 'hono'
import { describe, expect, it } from 'vitest'
import { appOf, features } from '../../src/app.ts'
import { config } from '../../src/config.ts'
import { readRenewal, writeRenewal } from '../../src/core/sessions/renewal.ts'
import type { AppEnv } from '../../src/http/app-env.ts'
import { loginRequired } from '../../src/http/guard.ts'
import {
  bearer,
  Browser,
  call,
  clock,
  ENV,
  eventsOf,
  expectProblem,
  freshAddress,
  freshDatabase,
  leadsTo,
  limiter,
  mails,
  MANY,
  PASSWORD,
  RENEWAL,
  SAME_ORIGIN,
  SESSION,
  signedInBrowser,
  times,
  watchedIsolate,
} from '../support.ts'

freshDatabase()

const [HOUR, DAY] = [3_600, 86_400]

const rowOf = async (browser: Browser) => {
  const renewal = await readRenewal(browser.jar.get(RENEWAL)!.value, config(ENV))
  const query = env.DB.prepare('SELECT * FROM sessions WHERE id = ?').bind(renewal!.session_id)
  return (await query.first<Record<string, number | null>>())!
}
const isLive = async (browser: Browser): Promise<boolean> => (await rowOf(browser)).revoked_at === null
const cookiesOf = (answer: Response): string[] => answer.headers.getSetCookie().map((cookie) => cookie.split('=')[0]!)
const BOTH = [SESSION, RENEWAL]

/** A browser that shows its renewal alone: its access token has expired. */
async function asleep(seconds = 25 * HOUR) {
  const user = await signedInBrowser()
  await user.browser.account()
  clock.forward(seconds)
  return user
}

describe('a sign-in in a browser', () => {
  it('is still there after 25 hours, and gone after 8 idle days', async () => {
    const { browser, id } = await asleep()
    const page = await browser.open('/account')
    expect(page.status).toBe(200)
    expect(cookiesOf(page)).toEqual(BOTH)
    clock.forward(8 * DAY)
    const gone = await browser.open('/account')
    expect(leadsTo(gone)).toEqual([303, '/login?return_to=/account'])
    expect(await eventsOf(id)).toEqual(['login_succeeded']) // it ran out, and nobody copied anything
    expect(cookiesOf(gone)).toEqual([]) // only who signs out loses them
  })

  it('lasts for 30 days if it is used, and no longer', async () => {
    const { browser } = await signedInBrowser()
    for (let day = 2; day < 30; day += 2) {
      clock.forward(2 * DAY)
      expect([day, await browser.account()]).toEqual([day, 200])
    }
    clock.forward(2 * DAY)
    expect(await browser.account()).toBe(303)
  })

  it('outlives the browser only if that was chosen, also after it was renewed', async () => {
    const unticked = { asked: 'keep' }
    for (const [form, setting, isThere] of [
      [{ ...unticked, keep: 'on' }, 'off', 200],
      [unticked, 'on', 303],
      [{ keep: 'off' }, 'on', 303],
      [{}, 'on', 200],
      [{}, 'off', 303],
    ] as const) {
      const { browser } = await signedInBrowser(form, { ...ENV, KEEP_SIGNED_IN: setting } as Env)
      clock.forward(25 * HOUR)
      expect(await browser.account()).toBe(200)
      browser.close()
      expect([form, setting, await browser.account()]).toEqual([form, setting, isThere])
    }
  })

  it('has cookies that script cannot read, and whose age is the one of what is in them', async () => {
    const { browser, email } = await signedInBrowser()
    const signIn = await new Browser().submit('/login', { email, password: PASSWORD, keep: 'on' })
    const [, session, renewal] = signIn.headers.getSetCookie()
    expect(session).toMatch(/^__Host-latchkey=eyJ[\w.-]+; Max-Age=86400; Path=\/; HttpOnly; Secure; SameSite=Lax$/)
    expect(renewal).toMatch(
      /^__Host-latchkey-renewal=lks_[\w-]{77}; Max-Age=2592000; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    )
    clock.forward(25 * HOUR)
    const page = await browser.open('/account')
    expect(page.headers.getSetCookie()[1]).toMatch(/^__Host-latchkey-renewal=lks_.*Max-Age=2592000/)
    expect(page.headers.get('Cache-Control')).toBe('no-store')
  })

  it.each(['/account', '/login', '/user/me', '/user/sessions', '/account/security'])(
    'is renewed by GET %s',
    async (path) => {
      const { browser, id } = await asleep()
      const answer = await browser.open(path)
      expect([answer.status, cookiesOf(answer)]).toEqual([200, BOTH])
      expect(cookiesOf(await browser.open(path))).toEqual([])
      expect(await eventsOf(id)).toEqual(['login_succeeded'])
    },
  )

  it('is renewed by what is not safe, too, but only after the proof of its origin', async () => {
    const { browser } = await asleep()
    const before = await rowOf(browser)
    const foreign = { headers: { 'Sec-Fetch-Site': 'cross-site' } }
    await expectProblem(await browser.send('POST', '/action', foreign), 403, 'cross_site_request')
    await expectProblem(await browser.send('POST', '/action'), 403, 'cross_site_request')
    expect((await browser.send('POST', '/logout', foreign)).status).toBe(403)
    expect(await rowOf(browser)).toEqual(before)
    const answer = browser.keep(await browser.send('POST', '/action', { headers: SAME_ORIGIN }))
    expect([answer.status, cookiesOf(answer)]).toEqual([200, BOTH])
    clock.forward(25 * HOUR)
    expect(leadsTo(await browser.submit('/account/sessions', { end: 'others' }))).toEqual([
      303,
      '/account/devices?done=sessions',
    ])
  })

  it('is not renewed for an Authorization header', async () => {
    const { browser } = await signedInBrowser()
    const token = browser.cookies[SESSION]!
    clock.forward(25 * HOUR)
    const answer = await browser.send('GET', '/user/me', bearer(token))
    await expectProblem(answer, 401, 'invalid_token')
    expect(cookiesOf(answer)).toEqual([])
  })

  it('is not renewed without its account, or after its end', async () => {
    for (const end of [
      'UPDATE users SET disabled_at = unixepoch() WHERE id = ?',
      'UPDATE sessions SET revoked_at = unixepoch() WHERE user_id = ?',
      'DELETE FROM users WHERE id = ?',
    ]) {
      const { browser, id } = await asleep()
      await env.DB.prepare(end).bind(id).run()
      const answer = await browser.open('/account')
      expect([end, answer.status, cookiesOf(answer)]).toEqual([end, 303, []])
    }
  })

  it('keeps its cookies where a route answers with a response of its own', async () => {
    const own = {
      name: 'own',
      routes: new Hono<AppEnv>().get(
        '/own',
        loginRequired,
        () => new Response('own', { headers: { 'Cache-Control': 'max-age=60' } }),
      ),
    }
    const { browser } = await asleep()
    const { app } = appOf([...features, own])
    const Cookie = `${RENEWAL}=${browser.cookies[RENEWAL]}`
    const ctx = { waitUntil: () => {}, passThroughOnException: () => {} } as unknown as ExecutionContext
    const answer = await app.request('https://latchkey.test/own', { headers: { Cookie } }, ENV, ctx)
    expect([answer.status, await answer.text(), cookiesOf(answer)]).toEqual([200, 'own', BOTH])
    expect(answer.headers.get('Cache-Control')).toBe('no-store')
  })
})

describe('what it costs', () => {
  it.each(['/account', '/user/me', '/login'])('a renewal of %s is one call of D1 more', async (path) => {
    const { browser } = await signedInBrowser()
    const isolate = watchedIsolate()
    browser.own = isolate.env
    await browser.open(path) // reads what an isolate reads once
    const callsOf = async () => {
      const before = isolate.calls.length
      expect((await browser.open(path)).status).toBe(200)
      return isolate.calls.length - before
    }
    const good = await callsOf()
    clock.forward(25 * HOUR)
    expect(await callsOf()).toBe(good + 1)
    expect(await callsOf()).toBe(good)
  })

  it('a request whose token is good costs none', async () => {
    const { browser } = await signedInBrowser()
    const isolate = watchedIsolate()
    browser.own = isolate.env
    const act = () => browser.send('POST', '/action', { headers: SAME_ORIGIN })
    expect((await act()).status).toBe(200) // reads the revocations
    const before = isolate.calls.length
    for (let n = 0; n < 5; n++) expect((await act()).status).toBe(200)
    expect(isolate.calls.length - before).toBe(0)
  })

  it('nothing for a guess, although it shows a renewal', async () => {
    const { browser } = await asleep()
    const isolate = watchedIsolate()
    browser.own = isolate.env
    const { email } = await signedInBrowser()
    const guess = () => browser.submit('/login', { email, password: 'wrong' })
    let status = 401
    for (let n = 0; n < 8 && status === 401; n++) status = (await guess()).status
    expect(status).toBe(429)
    const before = isolate.calls.length
    expect((await guess()).status).toBe(429)
    expect(isolate.calls.length).toBe(before)
  })

  it('nothing above the limit of its network', async () => {
    const { browser } = await asleep()
    const isolate = watchedIsolate()
    browser.own = { ...isolate.env, PREFILTER_REFRESH: limiter(false) }
    const answer = await browser.send('GET', '/account', { headers: { 'CF-Connecting-IP': freshAddress() } })
    expect([answer.status, cookiesOf(answer)]).toEqual([429, []])
    const from = { headers: { 'CF-Connecting-IP': freshAddress() } }
    await expectProblem(await browser.send('GET', '/user/me', from), 429, 'too_many_attempts')
    expect(isolate.calls).toEqual([])
  })

  it('nothing without a cookie that we made', async () => {
    const isolate = watchedIsolate()
    for (const value of ['', 'planted', `lks_${'A'.repeat(77)}`]) {
      const answer = await new Browser(isolate.env, new Map([[RENEWAL, { value, until: Infinity }]])).open('/account')
      expect(answer.status).toBe(303)
    }
    expect(isolate.calls).toEqual([])
  })
})

describe('tabs that wake together', () => {
  it('are all signed in, whichever answer comes last', async () => {
    for (const order of [
      [0, 1],
      [1, 0],
    ]) {
      const { browser, id } = await asleep()
      const answers = await Promise.all([browser.send('GET', '/account'), browser.send('GET', '/user/me')])
      for (const at of order) browser.keep(answers[at]!)
      expect(answers.map(({ status }) => status)).toEqual([200, 200])
      expect(await browser.account()).toBe(200)
      clock.forward(25 * HOUR)
      expect(await browser.account()).toBe(200)
      expect(await eventsOf(id)).toEqual(['login_succeeded'])
    }
  })

  it('of fifty, none is signed out, and all get the same renewal', MANY, async () => {
    for (let round = 0; round < times(5, 1); round++) {
      const { browser, id } = await asleep()
      const generation = (await rowOf(browser)).generation!
      const answers = await Promise.all(Array.from({ length: 50 }, () => browser.send('GET', '/account')))
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
      const renewals = answers.map((answer) => answer.headers.getSetCookie()[1])
      expect(new Set(renewals).size).toBe(1)
      browser.keep(answers[0]!)
      expect((await rowOf(browser)).generation).toBe(generation + 1)
      expect(await browser.account()).toBe(200)
      expect(await eventsOf(id)).toEqual(['login_succeeded'])
    }
  })

  it.each(['30', '0'])(
    'one that was slow is signed in, although the new renewal was shown (grace: %s s)',
    async (grace) => {
      const { browser, id } = await asleep()
      browser.own = { ...ENV, REFRESH_GRACE_SECONDS: grace } as Env
      const slow = browser.copy()
      expect(await browser.account()).toBe(200)
      expect(await browser.account()).toBe(200) // shown
      clock.forward(4)
      const late = await slow.open('/account')
      expect(late.status).toBe(200)
      expect(slow.cookies[RENEWAL]).toBe(browser.cookies[RENEWAL])
      expect(await eventsOf(id)).toEqual(['login_succeeded'])
      clock.forward(25 * HOUR)
      expect(await slow.account()).toBe(200)
    },
  )

  it('is not signed in forever by being late: the time counts from the renewal', async () => {
    const { browser } = await asleep()
    const thief = browser.copy()
    expect([await browser.account(), await browser.account()]).toEqual([200, 200])
    const statuses = []
    for (let n = 0; n < 4; n++) {
      clock.forward(10)
      statuses.push((await thief.send('GET', '/account')).status)
    }
    expect(statuses).toEqual([200, 200, 303, 303])
  })
})

describe('an answer that is lost', () => {
  it('signs nobody out, however long the browser waits', async () => {
    const { browser, id } = await asleep()
    for (let n = 0; n < 3; n++) {
      expect((await browser.send('GET', '/account')).status).toBe(200) // and the answer never comes
      clock.forward(2 * DAY)
    }
    expect(await browser.account()).toBe(200)
    expect(await browser.account()).toBe(200)
    expect(await eventsOf(id)).toEqual(['login_succeeded'])
  })

  it('leaves tokens that end with the session', async () => {
    const { browser } = await asleep()
    await browser.send('GET', '/account')
    clock.forward(2 * DAY)
    await browser.open('/account')
    const token = browser.cookies[SESSION]!
    expect((await call('POST', '/action', bearer(token))).status).toBe(200)
    const row = await rowOf(browser)
    expect(row.tokens_until).toBeGreaterThanOrEqual(JSON.parse(atob(token.split('.')[1]!)).exp as number)
    await browser.submit('/logout')
    await expectProblem(await call('POST', '/action', bearer(token)), 401, 'invalid_token')
  })
})

describe('a cookie that was copied before a renewal', () => {
  /** Renewed, and the successor shown to a page whose token was good. */
  async function copied() {
    const user = await asleep()
    const thief = user.browser.copy()
    expect(await user.browser.account()).toBe(200)
    return { ...user, thief }
  }

  it('ends the session when it is used after its successor was shown', async () => {
    const { browser, id, thief } = await copied()
    expect(await browser.account()).toBe(200)
    clock.forward(HOUR)
    const answer = await thief.open('/account')
    expect(leadsTo(answer)).toEqual([303, '/login?return_to=/account'])
    expect(cookiesOf(answer)).toEqual([])
    expect(await isLive(browser)).toBe(false)
    expect(leadsTo(await browser.open('/account'))).toEqual([303, '/login?return_to=/account'])
    await expectProblem(await call('POST', '/action', bearer(browser.cookies[SESSION]!)), 401, 'invalid_token')
    expect(await eventsOf(id)).toEqual(['login_succeeded', 'refresh_token_replayed'])
  })

  it('ends it, too, when the successor was shown only to be renewed', async () => {
    const { browser, thief } = await copied()
    clock.forward(25 * HOUR)
    expect(await browser.account()).toBe(200)
    clock.forward(HOUR)
    expect(await thief.account()).toBe(303)
    expect(await isLive(browser)).toBe(false)
  })

  it('is told to the owner if it came from elsewhere', async () => {
    const { browser, email, thief } = await copied()
    await browser.account()
    clock.forward(HOUR)
    const from = { headers: { 'User-Agent': 'somebody else' } }
    expect((await thief.send('GET', '/account', from)).status).toBe(303)
    expect(mails.filter(({ to }) => to === email).map(({ subject }) => subject)).toEqual([
      'Latchkey: We signed a device out',
    ])
  })

  it('ends it once, however many copies are used at once', MANY, async () => {
    const { browser, id, thief } = await copied()
    await browser.account()
    clock.forward(HOUR)
    const answers = await Promise.all(Array.from({ length: 50 }, () => thief.send('GET', '/account')))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([303]))
    expect(await eventsOf(id)).toEqual(['login_succeeded', 'refresh_token_replayed'])
  })

  it('is a lost answer as long as its successor was not shown', async () => {
    const { browser, thief } = await copied()
    clock.forward(HOUR)
    expect(await thief.account()).toBe(200)
    expect(await isLive(browser)).toBe(true)
  })
})

describe('signing out', () => {
  it('deletes both cookies and ends the session, although the token has expired', async () => {
    const { browser, id } = await asleep()
    const answer = await browser.submit('/logout')
    expect(leadsTo(answer)).toEqual([303, '/login'])
    expect(answer.headers.getSetCookie()).toEqual(
      BOTH.map((name) => `${name}=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax`),
    )
    expect(await eventsOf(id)).toEqual(['login_succeeded', 'logged_out'])
    expect(await browser.account()).toBe(303)
  })

  it('is not undone by an answer that comes late', async () => {
    const { browser } = await asleep()
    const late = await browser.send('GET', '/account')
    await browser.submit('/logout')
    browser.keep(late)
    expect(await browser.account()).toBe(303)
    clock.forward(25 * HOUR)
    expect(await browser.account()).toBe(303)
    expect(await isLive(browser)).toBe(false)
  })

  it('is final also for a renewal whose answer was lost', async () => {
    const { browser, id } = await asleep()
    const other = browser.copy()
    await browser.send('GET', '/account') // and the answer never comes
    await other.submit('/logout')
    for (const [method, path] of [
      ['GET', '/account'],
      ['POST', '/action'],
    ] as const) {
      const answer = await browser.send(method, path, { headers: SAME_ORIGIN })
      expect([path, answer.status, cookiesOf(answer)]).toEqual([path, path === '/action' ? 401 : 303, []])
    }
    expect(await eventsOf(id)).toEqual(['login_succeeded', 'logged_out'])
  })

  it('wins against fifty renewals that come at the same time', MANY, async () => {
    const { browser } = await asleep()
    const renewals = Array.from({ length: 50 }, () => browser.send('GET', '/account'))
    const [, ...answers] = await Promise.all([
      browser.send('POST', '/logout', { body: new URLSearchParams(), headers: SAME_ORIGIN }),
      ...renewals,
    ])
    for (const answer of answers) {
      expect(answer.headers.getSetCookie().filter((cookie) => cookie.includes('Max-Age=0'))).toEqual([])
      const revived = browser.copy()
      revived.keep(answer)
      expect(await revived.account()).toBe(303)
    }
  })

  it('of everything, and deleting the account, take both cookies, too', async () => {
    const everywhere = await asleep()
    expect(cookiesOf(await everywhere.browser.submit('/account/sessions', { end: 'all' }))).toEqual(BOTH)
    const leaving = await asleep()
    expect(cookiesOf(await leaving.browser.submit('/account/delete', { password: PASSWORD }))).toEqual([
      '__Host-latchkey-device',
      ...BOTH,
    ])
  })

  it('by a new sign-in ends the former session of the browser, although its token has expired', async () => {
    const { browser, email } = await asleep()
    const former = browser.copy()
    expect((await browser.submit('/login', { email, password: PASSWORD })).status).toBe(303)
    expect(await isLive(former)).toBe(false)
    expect(await isLive(browser)).toBe(true)
    expect(await browser.account()).toBe(200)
  })
})

describe('the cookies', () => {
  it('are refused if there are two copies of one', async () => {
    for (const name of BOTH) {
      const { browser } = await asleep()
      const before = await rowOf(browser)
      const renewal = `${RENEWAL}=${browser.cookies[RENEWAL]}`
      const [Cookie, planted] = [`${renewal}; ${SESSION}=expired`, `${name}=planted`]
      for (const both of [`${Cookie}; ${planted}`, `${planted}; ${Cookie}`]) {
        const answer = await call('GET', '/user/me', { headers: { Cookie: both } })
        await expectProblem(answer, 401, 'invalid_token')
        expect(cookiesOf(answer)).toEqual([])
      }
      expect(await rowOf(browser)).toEqual(before)
      expect((await call('GET', '/user/me', { headers: { Cookie } })).status).toBe(200)
    }
  })

  it('are no refresh tokens, and refresh tokens are none of them', async () => {
    const { browser, email } = await asleep()
    const json = { refresh_token: browser.cookies[RENEWAL] }
    await expectProblem(await call('POST', '/user/refresh', { json }), 401, 'invalid_refresh_token')
    const login = await call('POST', '/user/login', { json: { email, password: PASSWORD } })
    const { refresh_token } = await login.json<{ refresh_token: string }>()
    const other = new Browser(ENV, new Map([[RENEWAL, { value: refresh_token, until: Infinity }]]))
    expect(await other.account()).toBe(303)
  })

  it('say what they were made for, and nothing else', async () => {
    const settings = config(ENV)
    const made = { session_id: 'A'.repeat(22), generation: 2 ** 31 + 6, kept: true }
    const text = await writeRenewal(made, settings)
    expect(await readRenewal(text, settings)).toEqual(made)
    const open = await writeRenewal({ ...made, kept: false }, settings)
    expect(await readRenewal(open, settings)).toEqual({ ...made, kept: false })
    for (const other of [
      '',
      text.slice(0, -1),
      `${text}A`,
      text.replace('lks_', 'lkr_'),
      text.replace('AAAA', 'AAAB'),
    ]) {
      expect(await readRenewal(other, settings)).toBeUndefined()
    }
    const elsewhere = { ...ENV, LATCHKEY_SECRET: 'another secret of another service' } as Env
    expect(await readRenewal(text, config(elsewhere))).toBeUndefined()
  })

  it('of a confirmed session keep what was chosen', async () => {
    for (const [form, age] of [
      [{ keep: 'on' }, '; Max-Age=2592000'],
      [{ keep: 'off' }, ''],
    ] as const) {
      const { browser } = await signedInBrowser(form)
      const former = browser.copy()
      const answer = await browser.submit('/account/confirm', { password: PASSWORD })
      expect(leadsTo(answer)).toEqual([303, '/account?done=confirmed'])
      expect(answer.headers.getSetCookie()[1]).toMatch(new RegExp(`lks_[\\w-]+${age}; Path`))
      clock.forward(25 * HOUR)
      expect([await former.account(), await browser.account()]).toEqual([303, 200])
    }
  })

  it('survive a restore of the database to a time before they were made', async () => {
    const { browser, id } = await asleep()
    const before = await rowOf(browser)
    await browser.account()
    await browser.account()
    await env.DB.prepare('UPDATE sessions SET generation = ?, refreshed_at = ? WHERE user_id = ?')
      .bind(before.generation, before.refreshed_at, id)
      .run()
    clock.forward(25 * HOUR)
    expect([await browser.account(), await browser.account()]).toEqual([200, 200])
  })
})

describe('a guard for pages', () => {
  it('sends a stranger to the login and back', async () => {
    const { email } = await signedInBrowser()
    const stranger = new Browser()
    expect(leadsTo(await stranger.open('/account/security'))).toEqual([303, '/login?return_to=/account/security'])
    const form = await (await stranger.open('/login?return_to=/account/security')).text()
    expect(form).toContain('<input type="hidden" name="return_to" value="/account/security"/>')
    const back = await stranger.submit('/login', { email, password: PASSWORD, return_to: '/account/security' })
    expect(leadsTo(back)).toEqual([303, '/account/security'])
    expect((await stranger.open('/account/security')).status).toBe(200)
  })
})
