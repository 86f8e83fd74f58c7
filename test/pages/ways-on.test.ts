import { createExecutionContext } from 'cloudflare:test'
import { Hono } from 'hono'
import { METHOD_NAME_ALL } from 'hono/router'
import { beforeAll, describe, expect, it } from 'vitest'
import { app, appOf, features } from '../../src/app.ts'
import type { AppEnv } from '../../src/http/app-env.ts'
import { languages } from '../../src/lib/language.ts'
import { problemText } from '../../src/pages/problem-texts.ts'
import { Problem } from '../../src/problem.ts'
import { words } from '../words.ts'
import {
  askCode,
  call,
  callIn,
  clock,
  cookieOf,
  dump,
  enrolApp,
  ENV,
  exchange,
  expectProblem,
  freshDatabase,
  grantedCode,
  insertClient,
  insertUser,
  leadsTo,
  limiter,
  mailedCodeLink,
  mailedToken,
  member,
  nobody,
  open,
  ORIGIN,
  PASSWORD,
  postForm,
  RENEWAL,
  run,
  SAME_ORIGIN,
  sessionFor,
  submit,
  watchedIsolate,
} from '../support.ts'

freshDatabase()

const { en } = words
const PERSON = { Accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }
const NO_DATABASE = { ...ENV, DB: {} as D1Database }

const textOf = async (answer: Response | Promise<Response>): Promise<string> => (await answer).text()
const mainOf = (html: string) => /<main>(.*)<\/main>/s.exec(html)?.[1] ?? ''

type Control = { name: string; effect: string }

/** The links and buttons of a page, each with its name for a screen reader and what it does. */
function controlsIn(html: string): Control[] {
  const found: Control[] = []
  let form = ''
  const tags = /<form [^>]*action="([^"]*)"[^>]*>|<\/form>|<(a|button)\b([^>]*)>(.*?)<\/\2>/gs
  for (const [tag, action, kind, attributes = '', content = ''] of html.matchAll(tags)) {
    const of = (name: string) => new RegExp(` ${name}="([^"]*)"`).exec(attributes)?.[1]
    if (action !== undefined) form = `${action} ${/ data-kind="[^"]*"/.exec(tag)?.[0] ?? ''}`
    else if (kind === undefined) form = ''
    else {
      const effect = kind === 'a' ? of('href')! : `${form} ${of('name')}=${of('value')}`
      found.push({ name: of('aria-label') ?? content.replace(/<[^>]*>/g, ''), effect })
    }
  }
  return found
}

/** Names that stand for different things on one page. */
const ambiguous = (html: string): string[] => {
  const all = controlsIn(html)
  return all
    .filter(({ name, effect }) => name === '' || all.some((one) => one.name === name && one.effect !== effect))
    .map(({ name, effect }) => `${name}: ${effect}`)
}

/** The list of devices says in its own test what it calls its buttons. */
const withoutDevices = (html: string) =>
  html.replace(/<form method="post" action="\/account\/(?:sessions|devices)">.*?<\/form>/gs, '')

function expectUsable(html: string, what: string): void {
  expect({ what, ways: controlsIn(mainOf(html)).length > 0 }).toEqual({ what, ways: true })
  expect({ what, ambiguous: ambiguous(withoutDevices(html)) }).toEqual({ what, ambiguous: [] })
  expect({ what, focused: html.match(/ autofocus=/g)?.length ?? 0 }).toSatisfy(
    ({ focused }: { focused: number }) => focused <= 1,
  )
}

const focusedIn = (html: string) => /<(?:input id|div id)="(\w+)"[^>]* autofocus=/.exec(html)?.[1]

describe('/', () => {
  it('leads to the login or to the account, and asks no database', async () => {
    for (const method of ['GET', 'HEAD']) {
      for (const [Cookie, to] of [
        ['', '/login'],
        ['lang=ko', '/login'],
        [cookieOf('x'), '/account'],
        [`${RENEWAL}=x`, '/account'],
      ] as const) {
        const answer = await callIn(NO_DATABASE, method, '/', { headers: { Cookie } })
        expect([...leadsTo(answer), answer.headers.get('Cache-Control')]).toEqual([303, to, 'no-store'])
      }
    }
  })

  it('is left to whoever has a route of their own there', async () => {
    const theirs = { name: 'yours', routes: new Hono<AppEnv>().get('/', (c) => c.text('theirs')) }
    const own = appOf(features.map((feature) => (feature.name === 'yours' ? theirs : feature))).app
    const answer = await own.request(`${ORIGIN}/`, {}, ENV, createExecutionContext())
    expect(await answer.text()).toBe('theirs')
  })
})

describe('an address where nothing is', () => {
  it.each([
    [PERSON, '/nothing', 404],
    [{ 'Sec-Fetch-Dest': 'document' }, '/nothing', 404],
    [PERSON, '/account/nothing', 404],
    [PERSON, '/login/totp', 405],
    [PERSON, '/user/login', 405],
  ])('is a page for people: %j %s', async (headers, path, status) => {
    for (const [Cookie, to, text] of [
      ['', '/login', en.signIn],
      [cookieOf('x'), '/account', en.account],
    ] as const) {
      const answer = await call('GET', path, { headers: { ...headers, Cookie } })
      const html = await answer.text()
      expect([answer.status, answer.headers.get('Content-Type')]).toEqual([status, 'text/html; charset=UTF-8'])
      expect(answer.headers.get('X-Frame-Options')).toBe('DENY')
      expect(html).toContain(`<h1>${en.lost}</h1>`)
      expect(html).toContain(en.lostHow)
      expect(html).toContain(`<a href="${to}">${text}</a>`)
      expect(answer.headers.get('Allow')).toBe(status === 404 ? null : 'POST')
    }
    expect(await textOf(call('GET', `${path}?lang=ko`, { headers }))).toContain(words.ko.lost)
  })

  it.each([
    [{}, '/nothing', 404, 'not_found'],
    [{ Accept: '*/*' }, '/nothing', 404, 'not_found'],
    [{ Accept: 'application/json' }, '/account/nothing', 404, 'not_found'],
    [{ Accept: 'application/json' }, '/login/totp', 405, 'method_not_allowed'],
    [PERSON, '/.well-known', 404, 'not_found'],
    [PERSON, '/.well-known/nothing', 404, 'not_found'],
    [{ 'Sec-Fetch-Dest': 'document' }, '/.well-known/oauth-protected-resource/x', 404, 'not_found'],
  ])('is a problem for programs: %j %s', async (headers, path, status, code) => {
    await expectProblem(await call('GET', path, { headers: headers as Record<string, string> }), status, code)
  })

  it('links to no other site, whatever the address looks like', async () => {
    for (const path of ['//evil.example', '///evil.example/', '/\\evil.example', '/%22%3E%3Cscript%3E']) {
      const html = await textOf(call('GET', path, { headers: PERSON }))
      expect(html).toContain(en.lostHow)
      expect(html).not.toMatch(/href="(?:\/\/|\/\\|[^/#d])|"><script>/)
    }
  })
})

describe('a link that does nothing any more', () => {
  const PATHS = ['/verify', '/reset', '/cancel', '/undo']

  it.each(PATHS)('%s says so before anybody types, and leads on', async (path) => {
    const before = await dump()
    for (const language of languages) {
      const say = words[language]
      for (const [query, text] of [
        ['?', say.linkCut],
        ['?token=', say.linkCut],
        [`?token=${'A'.repeat(42)}`, say.linkCut],
        [`?token=${'A'.repeat(43)}`, say.problems.invalid_one_time_token],
      ]) {
        const answer = await call('GET', `${path}${query}&lang=${language}`)
        const html = await answer.text()
        expect(answer.status).toBe(400)
        expect(html).toContain(text)
        expect(html).not.toContain('<form')
        expect(controlsIn(mainOf(html)).map(({ effect }) => effect)).toEqual(['/login', '/forgot'])
      }
    }
    expect(await dump()).toEqual(before)
  })

  it('says so where the way on is a provider', async () => {
    const answer = await call('GET', '/login/with?token=cut')
    expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining(en.linkCut) as string])
  })

  it('says so again when its form comes too late', async () => {
    for (const path of PATHS) {
      const answer = await postForm(path, { token: 'A'.repeat(43), password: PASSWORD })
      const html = await answer.text()
      expect([answer.status, html.includes('<form'), focusedIn(html)]).toEqual([400, false, 'problem'])
      expectUsable(html, path)
    }
  })

  it('is told from one that still does something', async () => {
    const [forgetful, mover] = [await member(), await member()]
    await call('POST', '/user/password/forgot', { json: { email: forgetful.email } })
    const reset = `/reset?token=${mailedToken(forgetful.email)}`
    expect(await textOf(call('GET', reset))).toContain(`<label for="password">${en.labels['new_password']}</label>`)
    await submit('/account/email', { email: nobody(), password: PASSWORD }, mover.token)
    const cancel = `/cancel?token=${mailedToken(mover.email)}`
    expect(await textOf(call('GET', cancel))).toContain('action="/cancel"')
    expect(leadsTo(await postForm('/cancel', { token: mailedToken(mover.email) }))[0]).toBe(303)
    for (const path of [cancel, cancel.replace('/cancel', '/reset'), reset.replace('/reset', '/cancel')]) {
      expect((await call('GET', path)).status).toBe(400)
    }
  })

  it('says by which mails a confirmation is asked for again', async () => {
    const html = await textOf(call('GET', '/verify'))
    expect(html).toContain(en.verifyAgain)
    const { email } = await insertUser({ email_verified: 0 })
    await submit('/login', { email, password: PASSWORD })
    expect((await call('GET', `/verify?token=${mailedToken(email)}`)).status).toBe(200)
  })
})

describe('"try again later"', () => {
  it.each([
    [1, 'in 1 second', '1초 후에'],
    [59, 'in 59 seconds', '59초 후에'],
    [60, 'in 1 minute', '1분 후에'],
    [61, 'in 2 minutes', '2분 후에'],
    [5_400, 'in 90 minutes', '90분 후에'],
    [5_401, 'in 2 hours', '2시간 후에'],
    [86_400, 'in 24 hours', '24시간 후에'],
  ])('says when, rounded up: %i seconds', (seconds, ...texts) => {
    for (const [i, language] of languages.entries()) {
      for (const code of ['too_many_attempts', 'challenge_required', 'overloaded', 'unavailable'] as const) {
        const problem = new Problem(code, { headers: { 'Retry-After': String(seconds) } })
        const text = problemText(problem, language)
        expect(text).toContain(texts[i])
        expect(text).toContain(words[language].problems[code])
      }
    }
  })

  it('says so on the pages of whoever guessed too often', async () => {
    const { email } = await insertUser()
    const told: string[] = []
    for (let i = 0; i < 30 && !told.some((html) => html.includes('minute')); i++) {
      const answer = await submit('/login', { email, password: 'wrong words of mine' })
      if (answer.status !== 429) continue
      const seconds = Number(answer.headers.get('Retry-After'))
      told.push(await answer.text())
      if (seconds < 60) expect(told.at(-1)).toContain(`Please try again in ${seconds} second`)
      expect(told.at(-1)!.includes(en.resetHelps)).toBe(seconds >= 60)
      expectUsable(told.at(-1)!, 'throttled')
      clock.forward(seconds)
    }
    expect(told.at(-1)).toMatch(/Please try again in \d+ minutes?\./)
  })

  it('says so where a network asks too often, and where the database does not answer', async () => {
    const own = { ...ENV, PREFILTER: limiter(false), PREFILTER_REFRESH: limiter(false) }
    const headers = { ...SAME_ORIGIN, 'CF-Connecting-IP': '192.0.2.77' }
    for (const path of ['/reset', '/cancel', '/verify', '/undo']) {
      const html = await textOf(callIn(own, 'GET', path, { headers }))
      expect(html).toContain('Please try again in 1 minute.')
      expect(html).not.toContain(en.resetHelps)
    }
    const isolate = watchedIsolate()
    isolate.before = () => {
      throw new Error('D1_ERROR: Network connection lost.')
    }
    const html = await textOf(callIn(isolate.env, 'GET', `/reset?token=${'A'.repeat(43)}`))
    expect(html).toContain('Please try again in 2 seconds.')
    expectUsable(html, '503')
  })
})

describe('every page', () => {
  const routes = app.routes.filter(({ method }) => method === 'GET' || method === METHOD_NAME_ALL)
  const paths = [...new Set(routes.map(({ path }) => path.replace(/:\w+/g, 'x')))].filter((path) => !path.includes('*'))

  it('has a way on for strangers', async () => {
    let pages = 0
    for (const path of [...paths, '/login?done=reset', '/forgot?done=forgotten', '/register?done=registered']) {
      const answer = await call('GET', path, { headers: PERSON })
      if (answer.headers.get('Content-Type')?.startsWith('text/html') !== true) continue
      pages++
      expectUsable(await answer.text(), path)
    }
    expect(pages).toBeGreaterThan(10)
  })

  it('has one that only a form or a mail opens, too', async () => {
    const user = await member()
    const { email } = await member()
    await askCode(email)
    const elsewhere = await textOf(open(mailedCodeLink(email)))
    expect(elsewhere).toContain(en.yourCode)
    const setUp = await textOf(submit('/account/totp', { begin: 'yes' }, user.token))
    expect(focusedIn(setUp)).toBe('totp')
    await enrolApp(user)
    const login = { email: user.email, password: PASSWORD }
    const step = await textOf(submit('/login', login))
    expect([focusedIn(step), step.includes('name="recovery_code"')]).toEqual(['totp', true])
    const ticket = /name="ticket" value="([^"]*)"/.exec(step)![1]!
    const wrong = await textOf(submit('/login/totp', { ticket, methods: 'totp recovery', totp: '12' }))
    expect(focusedIn(wrong)).toBe('problem')
    const code = await textOf(open('/login/code'))
    expect(focusedIn(code)).toBe('email')
    for (const [i, html] of [elsewhere, setUp, step, wrong, code].entries()) expectUsable(html, `page ${i}`)
  })

  describe('for who is signed in', () => {
    let user: Awaited<ReturnType<typeof member>>
    beforeAll(async () => {
      user = await member()
      await enrolApp(user)
      for (const name of ['The App', 'Another <App>']) {
        const app = await insertClient({ name })
        await exchange(app, await grantedCode(app, user.token))
      }
      await run(`INSERT INTO passkey_handles (user_id, handle) VALUES (?, 'x')`, user.id)
      for (const name of ['My phone', 'My <key>']) {
        await run(
          `INSERT INTO passkeys (id, user_id, public_key, counter, user_verified, backup_eligible, backed_up, aaguid, name,
            created_at) VALUES (?1, ?2, '', 0, 1, 0, 0, '', ?1, 1)`,
          name,
          user.id,
        )
      }
    })

    it.each(languages)('has a way on, and names of its own for what it does, in %s', async (language) => {
      const { token } = await sessionFor(user.id, ['password', 'totp'])
      const seen: string[] = []
      for (const path of paths.filter((one) => /^\/(?:account|login|oauth|logout|$)/.test(one))) {
        const answer = await call('GET', `${path}?lang=${language}`, {
          headers: { ...PERSON, Cookie: cookieOf(token) },
        })
        if (answer.headers.get('Content-Type')?.startsWith('text/html') !== true) continue
        seen.push(path)
        expectUsable(await answer.text(), path)
      }
      const [account, keys] = [await textOf(open('/account', token)), await textOf(open('/account/passkeys', token))]
      expect(new Set(account.match(/aria-label="[^"]*App[^"]*"/g)).size).toBe(4) // of each, and of its session
      expect(keys.match(/aria-label="[^"]*My [^"]*"/g)).toHaveLength(2)
      expect(seen).toEqual(
        expect.arrayContaining(['/account', '/account/security', '/account/delete', '/account/email']),
      )
    })
  })
})
