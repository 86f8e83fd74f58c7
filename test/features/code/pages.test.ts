import { describe, expect, it } from 'vitest'
import { done } from '../../../src/features/code/words.ts'
import { words } from '../../words.ts'
import {
  askCode,
  type Begun,
  call,
  callIn,
  clock,
  codeFor,
  dump,
  ENV,
  enterCode,
  eventsOf,
  freshAddress,
  freshDatabase,
  leadsTo,
  limiter,
  mailedCode,
  mailedCodeLink,
  mailsTo,
  member,
  nobody,
  open,
  otherThan,
  postForm,
  SAME_ORIGIN,
} from '../../support.ts'

freshDatabase()

const { en, ko } = words
const code_again = done.code_again.en

/** The cookies that a response sets, as a browser sends them back. */
const cookiesOf = (answer: Response): string =>
  answer.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0])
    .join('; ')

const withCookie = (Cookie: string) => ({ ...SAME_ORIGIN, Cookie })

/** A browser that has asked for a code: its cookie, and the code in the mail. */
async function asked(email: string, more = {}) {
  const answer = await postForm('/login/code', { email, ...more })
  expect(answer.status).toBe(303)
  return { answer, cookie: cookiesOf(answer), code: mailedCode(email), link: mailedCodeLink(email) }
}

const enterForm = (form: Record<string, string>, cookie: string) =>
  postForm('/login/code/verify', form, withCookie(cookie))

const tokenOf = (link: string) => link.slice(link.indexOf('=') + 1)

describe('signing in by a code on pages', () => {
  it('is offered on the login page, in either language, and keeps where the user wanted to go', async () => {
    expect(await (await open('/login')).text()).toContain(`<a href="/login/code">${en.byCode}</a>`)
    expect(await (await open('/login?lang=ko')).text()).toContain(ko.byCode)
    const html = await (await open('/login?return_to=/account')).text()
    expect(html).toContain('<a href="/login/code?return_to=%2Faccount">')
  })

  it('is not offered, and does not exist, where the setting is off', async () => {
    const own = { ...ENV, LOGIN_CODES: 'off' } as Env
    expect(await (await callIn(own, 'GET', '/login')).text()).not.toContain('/login/code')
    expect((await callIn(own, 'GET', '/login/code')).status).toBe(404)
  })

  it('asks for the address, then for the code, and signs in', async () => {
    const { id, email } = await member()
    expect(await (await open('/login/code')).text()).toMatch(/<input id="email" [^>]*autocomplete="username" required/)
    const { answer, cookie, code } = await asked(email)
    expect(leadsTo(answer)).toEqual([303, '/login/code/verify'])
    expect(answer.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^__Host-latchkey-code=lkt_[\w-]+; Max-Age=600; Path=\/; HttpOnly; Secure; SameSite=Lax$/),
    ])
    const page = await call('GET', '/login/code/verify', { headers: { Cookie: cookie } })
    const html = await page.text()
    expect(page.status).toBe(200)
    expect(html).toContain(email)
    expect(html).toMatch(
      /<label for="code">Code<\/label><input id="code" name="code" type="text" autocomplete="one-time-code" required/,
    )
    expect(html.match(/<input[^>]*name="code"/g)).toHaveLength(1)
    const signedIn = await enterForm({ code: code.toLowerCase().replace('-', ' ') }, cookie)
    expect(leadsTo(signedIn)).toEqual([303, '/login'])
    expect(signedIn.headers.getSetCookie().map((text) => text.split('=')[0])).toEqual([
      '__Host-latchkey-code',
      '__Host-latchkey-device',
      '__Host-latchkey',
      '__Host-latchkey-renewal',
    ])
    expect(signedIn.headers.getSetCookie()[0]).toContain('Max-Age=0')
    expect((await eventsOf(id)).at(-1)).toBe('login_succeeded')
    expect((await call('GET', '/account', { headers: { Cookie: cookiesOf(signedIn) } })).status).toBe(200)
  })

  it('returns where the user wanted to go', async () => {
    const { email } = await member()
    const { answer, cookie, code } = await asked(email, { return_to: '/account' })
    expect(leadsTo(answer)).toEqual([303, '/login/code/verify?return_to=%2Faccount'])
    const html = await (await open('/login/code/verify?return_to=/account', undefined, { Cookie: cookie })).text()
    expect(html.match(/<input type="hidden" name="return_to" value="\/account"\/>/g)).toHaveLength(2)
    expect(leadsTo(await enterForm({ code, return_to: '/account' }, cookie))).toEqual([303, '/account'])
  })

  it('looks the same for an address without an account', async () => {
    const { email } = await member()
    const pages = []
    for (const address of [email, nobody()]) {
      const { answer, cookie } = await asked(address)
      const html = await (await open('/login/code/verify', undefined, { Cookie: cookie })).text()
      const wrong = await (await enterForm({ code: 'ABCD-EFGH' }, cookie)).text()
      pages.push([leadsTo(answer), html.replaceAll(address, 'x'), wrong.replaceAll(address, 'x')])
    }
    expect(pages[1]).toEqual(pages[0])
  })

  it('takes no address from anywhere but the cookie', async () => {
    const { email } = await member()
    const { cookie } = await asked(email)
    const html = await (
      await open('/login/code/verify?email=x@evil.example&data=x', undefined, { Cookie: cookie })
    ).text()
    expect(html).not.toContain('evil.example')
    for (const Cookie of ['', '__Host-latchkey-code=lkt_nonsense', 'latchkey-code=lkt_nonsense']) {
      expect(leadsTo(await open('/login/code/verify', undefined, { Cookie }))).toEqual([303, '/login/code'])
    }
  })

  it('says that the code is wrong, and begins again when the ticket is over', async () => {
    const { email } = await member()
    const { cookie, code } = await asked(email)
    const wrong = await enterForm({ code: otherThan(code) }, cookie)
    expect(wrong.status).toBe(401)
    expect(await wrong.text()).toContain(en.problems.invalid_code)
    const empty = await enterForm({ code: '' }, cookie)
    expect(empty.status).toBe(422)
    expect(await empty.text()).toContain('href="#code"')
    clock.forward(600)
    const over = await enterForm({ code }, cookie)
    expect(over.status).toBe(401)
    const html = await over.text()
    expect(html).toContain(en.problems.invalid_ticket)
    expect(html).toContain('<form method="post" action="/login/code">')
  })

  it('sends another code on request, to the same address and only from the browser that asked', async () => {
    const { email } = await member()
    const { cookie, code } = await asked(email)
    const again = await postForm('/login/code', { again: 'yes' }, withCookie(cookie))
    expect(leadsTo(again)).toEqual([303, '/login/code/verify?done=code_again'])
    const html = await (await open('/login/code/verify?done=code_again', undefined, { Cookie: cookie })).text()
    for (const text of [code_again, email]) expect(html).toContain(text)
    const own = { ...ENV, PREFILTER: limiter(false) }
    const headers = { ...withCookie(cookie), 'CF-Connecting-IP': freshAddress() }
    const often = await callIn(own, 'POST', '/login/code', { body: new URLSearchParams({ again: 'yes' }), headers })
    expect([often.status, often.headers.get('Retry-After')]).toEqual([429, '60'])
    const said = await often.text()
    for (const text of [en.problems.too_many_attempts, en.enter, email]) expect(said).toContain(text)
    expect(mailsTo(email)).toHaveLength(2)
    const newer = cookiesOf(again)
    expect((await enterForm({ code }, newer)).status).toBe(401)
    expect((await enterForm({ code: mailedCode(email) }, newer)).status).toBe(303)
    const stranger = await postForm('/login/code', { again: 'yes', email })
    expect(stranger.status).toBe(401)
    expect(mailsTo(email)).toHaveLength(2)
  })
})

describe('the link in the mail', () => {
  it('changes nothing by being opened, whoever opens it, with and without the cookie', async () => {
    const { email } = await member()
    const { cookie, link } = await asked(email)
    const before = await dump()
    for (const path of [link, `${link}x`, '/login/code/verify?token=', '/login/code/verify?token=nonsense']) {
      for (const method of ['GET', 'HEAD', 'GET']) {
        for (const headers of [{}, { Cookie: cookie }]) {
          const answer = await call(method, path, { headers })
          expect(answer.status).toBe(200)
          expect(answer.headers.getSetCookie()).toEqual([])
        }
      }
    }
    expect(await dump()).toEqual(before)
  })

  it('signs in by a button in the browser that asked', async () => {
    const { id, email } = await member()
    const { cookie, code, link } = await asked(email)
    const html = await (await open(link, undefined, { Cookie: cookie })).text()
    expect(html).toContain('<form method="post" action="/login/code/verify">')
    expect(html).toContain(`<input type="hidden" name="token" value="${tokenOf(link)}"/>`)
    expect(html).not.toContain(code)
    const answer = await enterForm({ token: tokenOf(link) }, cookie)
    expect(leadsTo(answer)).toEqual([303, '/login'])
    expect((await eventsOf(id)).at(-1)).toBe('login_succeeded')
  })

  it('shows the code in any other browser, and signs in nobody there, not even by a form', async () => {
    const [{ id, email }, other] = [await member(), await member()]
    const { cookie, code, link } = await asked(email)
    const theirs = await asked(other.email)
    for (const Cookie of ['', theirs.cookie]) {
      const page = await open(link, undefined, { Cookie })
      const html = await page.text()
      expect(html).toContain(`<strong>${code}</strong>`)
      expect(html).toContain(en.neverPassOn)
      expect(html).not.toContain('<form')
      // As a scanner does that runs scripts and presses what it finds, or makes up a form.
      const pressed = await postForm('/login/code/verify', { token: tokenOf(link) }, withCookie(Cookie))
      expect(await pressed.text()).toContain(`<strong>${code}</strong>`)
      expect(pressed.headers.getSetCookie()).toEqual([])
      expect((await enterForm({ code }, Cookie)).status).toBe(401)
    }
    expect((await eventsOf(id)).filter((event) => event === 'login_succeeded')).toHaveLength(1)
    expect((await enterForm({ code }, cookie)).status).toBe(303)
  })

  it('says that it is over after ten minutes, and where it was not mailed by this service', async () => {
    const { email } = await member()
    const { link } = await asked(email)
    expect(await (await open(`${link.slice(0, -2)}xx`)).text()).toContain(en.over)
    expect(await (await open(`${link}&token=x`)).text()).not.toContain(mailedCode(email))
    clock.forward(600)
    const html = await (await open(link)).text()
    expect(html).toContain(en.over)
    expect(html).not.toContain(mailedCode(email))
  })

  it('works for a code that was asked for by JSON only by showing the code', async () => {
    const { email } = await member()
    const { ticket, code } = await codeFor(email)
    expect(await (await open(mailedCodeLink(email))).text()).toContain(code)
    expect((await enterCode(ticket, code)).status).toBe(200)
  })
})

describe('another method first', () => {
  it('does not accept a ticket of a code in place of that of a step', async () => {
    const { email } = await member()
    const { ticket } = await (await askCode(email)).json<Begun>()
    const answer = await postForm('/login/code', { ticket, methods: 'code' })
    expect(answer.status).toBe(401)
    expect(mailsTo(email)).toHaveLength(1)
  })
})
