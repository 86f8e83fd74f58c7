import { describe, expect, it } from 'vitest'
import { words } from '../../words.ts'
import {
  type Begun,
  bearer,
  call,
  callIn,
  claimsOf,
  clock,
  codeFor,
  ENV,
  enterCode,
  eventsOf,
  expectProblem,
  freshDatabase,
  leadsTo,
  mailedCode,
  mailsTo,
  member,
  open,
  otherThan,
  PASSWORD,
  SAME_ORIGIN,
  submit,
} from '../../support.ts'

freshDatabase()

const { en } = words

/** The value of a hidden field. */
const hidden = (html: string, name: string): string =>
  new RegExp(`name="${name}" value="([^"]*)"`).exec(html)?.[1] ?? ''

describe('POST /user/reauth with a mailed code', () => {
  const reauth = (json: object, token: string) => call('POST', '/user/reauth', { json, ...bearer(token) })

  it('makes a session of an account without a password fresh, once', async () => {
    const user = await member({ hashed_password: null })
    clock.forward(700)
    await expectProblem(await call('GET', '/user/me/export', bearer(user.token)), 401, 'fresh_login_required')
    const input = await codeFor(user.email)
    await expectProblem(await reauth({ ...input, code: otherThan(input.code) }, user.token), 401, 'invalid_code')
    const answer = await reauth(input, user.token)
    expect(answer.status).toBe(200)
    const { access_token } = await answer.json<{ access_token: string }>()
    expect((await call('GET', '/user/me/export', bearer(access_token))).status).toBe(200)
    expect(claimsOf(access_token)).toMatchObject({ user_id: user.id, acr: 'aal1' })
    await expectProblem(await reauth(input, access_token), 401, 'invalid_ticket')
    await expectProblem(await enterCode(input.ticket, input.code), 401, 'invalid_ticket')
  })

  it('takes no code of another account, which still signs in its owner', async () => {
    const [mine, theirs] = [await member(), await member()]
    const input = await codeFor(theirs.email)
    await expectProblem(await reauth(input, mine.token), 401, 'invalid_ticket')
    expect((await enterCode(input.ticket, input.code)).status).toBe(200)
  })

  it('lets one of fifty win', async () => {
    const user = await member()
    const input = await codeFor(user.email)
    const answers = await Promise.all(Array.from({ length: 50 }, () => reauth(input, user.token)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect((await eventsOf(user.id)).filter((event) => event === 'reauthenticated')).toHaveLength(1)
  })
})

describe('the page that asks again who the user is', () => {
  it('mails a code to an account without a password, and takes it', async () => {
    const user = await member({ hashed_password: null })
    const path = '/account/confirm?return_to=/account'
    const first = await (await open(path, user.token)).text()
    expect(first).toContain(en.sendMe)
    expect(hidden(first, 'begin')).toBe('code')
    const begun = await submit('/account/confirm', { begin: 'code', return_to: '/account' }, user.token)
    expect(begun.status).toBe(200)
    const html = await begun.text()
    expect(html).toMatch(/<input id="code" [^>]*autocomplete="one-time-code"/)
    const fields = { method: 'code', ticket: hidden(html, 'ticket'), return_to: '/account' }
    const code = mailedCode(user.email)
    const wrong = await submit('/account/confirm', { ...fields, code: otherThan(code) }, user.token)
    expect(wrong.status).toBe(401)
    expect(await wrong.text()).toContain(en.problems.invalid_code)
    const done = await submit('/account/confirm', { ...fields, code }, user.token)
    expect(leadsTo(done)).toEqual([303, '/account?done=confirmed'])
  })

  it('offers no code to an account with a password', async () => {
    const user = await member()
    expect(await (await open('/account/confirm', user.token)).text()).not.toContain(en.sendMe)
  })
})

describe('enrolling a second factor on pages, where the settings demand it', () => {
  it('asks for a mailed code first, then shows what can be enrolled', async () => {
    const own = { ...ENV, SECOND_FACTOR: 'everyone' } as Env
    const post = (path: string, form: Record<string, string>, Cookie = '') =>
      callIn(own, 'POST', path, { body: new URLSearchParams(form), headers: { ...SAME_ORIGIN, Cookie } })
    const { id, email } = await member()
    const first = await post('/login', { email, password: PASSWORD, return_to: '/account' })
    const html = await first.text()
    expect(html).toContain('action="/login/code"')
    expect(html).toContain(en.sendMe)
    const form = { ticket: hidden(html, 'ticket'), methods: 'code', enrols: 'yes', return_to: '/account' }
    const sent = await post('/login/code', form)
    expect(leadsTo(sent)).toEqual([303, '/login/code/verify?return_to=%2Faccount'])
    const cookie = sent.headers.getSetCookie()[0]!.split(';')[0]!
    const page = await callIn(own, 'GET', '/login/code/verify', { headers: { Cookie: cookie } })
    expect(await page.text()).not.toContain(email) // whoever began with a passkey may not know it
    const next = await post('/login/code/verify', { code: mailedCode(email), return_to: '/account' }, cookie)
    expect(next.status).toBe(200)
    expect(next.headers.getSetCookie().join()).not.toContain('__Host-latchkey=')
    const enrolling = await next.text()
    expect(enrolling).toContain(en.enrolTitle)
    expect(enrolling).toContain('action="/login/totp/enrol"')
    expect(enrolling).not.toContain(en.sendMe)
    expect((await eventsOf(id)).filter((event) => event === 'login_succeeded')).toHaveLength(1)

    const spent = await post('/login/code', { ...form, ticket: 'lkt_nonsense' })
    expect(spent.status).toBe(401)
    expect(await spent.text()).toContain('<form method="post" action="/login">') // the sign-in begins again
    expect(mailsTo(email)).toHaveLength(1)
  })

  it('mails a code again for the same sign-in, which ends with the first step', async () => {
    const own = { ...ENV, SECOND_FACTOR: 'everyone' } as Env
    const { email } = await member()
    const login = await callIn(own, 'POST', '/user/login', { json: { email, password: PASSWORD } })
    const { ticket } = await login.json<Begun>()
    const form = { ticket, methods: 'code', enrols: 'yes' }
    const sent = await callIn(own, 'POST', '/login/code', { body: new URLSearchParams(form), headers: SAME_ORIGIN })
    const cookie = sent.headers.getSetCookie()[0]!.split(';')[0]!
    clock.forward(500)
    const again = await callIn(own, 'POST', '/login/code', {
      body: new URLSearchParams({ again: 'yes' }),
      headers: { ...SAME_ORIGIN, Cookie: cookie },
    })
    expect(again.headers.getSetCookie()[0]).toContain('Max-Age=100;')
    expect(mailsTo(email)).toHaveLength(2)
  })
})
