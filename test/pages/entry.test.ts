import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { words } from '../words.ts'
import {
  callIn,
  callWith,
  clock,
  ENV,
  freshAddress,
  freshDatabase,
  leadsTo,
  limiter,
  mailedToken,
  member,
  nobody,
  open,
  ORIGIN,
  PASSWORD,
  SAME_ORIGIN,
  subjectsTo,
  submit,
  userAt,
} from '../support.ts'

freshDatabase()

const say = words.en
const CLOSED = { ...ENV, REGISTRATION: 'closed' } as Env

describe('/register', () => {
  it('leads from nothing to a login, by way of the mail', async () => {
    const email = nobody()
    const answer = await submit('/register', { email, password: PASSWORD, return_to: '/account' })
    const to = answer.headers.get('Location')!
    expect([answer.status, to]).toEqual([
      303,
      expect.stringMatching(/^\/register\?done=registered&sent=[\w-]+&return_to=%2Faccount$/),
    ])
    expect(answer.headers.get('Set-Cookie')).toBeNull()
    const sent = await (await open(to)).text()
    for (const text of [say.done.registered, `<strong>${email}</strong>`]) expect(sent).toContain(text)
    expect(sent).toContain('<a href="/login?return_to=%2Faccount">')
    const early = await submit('/login', { email, password: PASSWORD })
    expect([early.status, await early.text()]).toEqual([
      403,
      expect.stringContaining(say.problems.email_not_verified) as string,
    ])
    expect(leadsTo(await submit('/verify', { token: mailedToken(email), password: PASSWORD }))).toEqual([
      303,
      '/login?done=verified',
    ])
    expect(leadsTo(await submit('/login', { email, password: PASSWORD }))).toEqual([303, '/login'])
  })

  it('takes an address with white space around it', async () => {
    const email = nobody()
    expect((await submit('/register', { email: `${email} `, password: PASSWORD })).status).toBe(303)
    await submit('/verify', { token: mailedToken(email), password: PASSWORD })
    expect(leadsTo(await submit('/login', { email: ` ${email}\t`, password: PASSWORD }))).toEqual([303, '/login'])
    await submit('/forgot', { email: `\u00a0${email}` })
    expect(subjectsTo(email)).toContain('Set a new password')
  })

  it('answers the same for an address that has an account, whose owner is told', async () => {
    const { email } = await member()
    const answers = [
      await submit('/register', { email, password: PASSWORD }),
      await submit('/register', { email: nobody(), password: PASSWORD }),
    ]
    const seen = await Promise.all(
      answers.map(async (answer) => ({
        status: answer.status,
        headers: [...answer.headers]
          .filter(([name]) => name !== 'x-request-id')
          .map(([name, value]) => [name, value.replace(/sent=[\w-]+/, 'sent=')]),
        text: await answer.text(),
      })),
    )
    expect(seen[0]).toEqual(seen[1])
    expect(subjectsTo(email)).toEqual(['You already have an account'])
  })

  it.each([
    [{ email: 'no address', password: PASSWORD }, 'email', say.fields.malformed],
    [{ email: '', password: PASSWORD }, 'email', say.fields.required],
    [{ password: PASSWORD }, 'email', say.fields.required],
    [{ email: 'a@example.com', password: 'canary' }, 'password', say.fields.too_short],
    [{ email: 'a@example.com', password: 'canary'.repeat(60) }, 'password', say.fields.too_long],
    [{ email: 'a@example.com', password: 'password1' }, 'password', say.fields.too_common],
  ])('refuses %j and points at the field', async (form, field, sentence) => {
    const answer = await submit('/register', form as Record<string, string>)
    const html = await answer.text()
    expect(answer.status).toBe(422)
    expect(html).toContain('<div id="problem" class="problem" role="alert" tabindex="-1" autofocus="">')
    expect(html).toContain(`<a href="#${field}">${say.labels[field]}: ${sentence}</a>`)
    expect(html).toMatch(
      new RegExp(`<input id="${field}"[^>]* aria-invalid="true" aria-describedby="[^"]*${field}-wrong"`),
    )
    expect(html).toContain(`<p id="${field}-wrong" class="wrong">${sentence}</p>`)
    expect(html).toContain(`<title>${say.error}: ${say.register} – Latchkey</title>`)
    expect(html).not.toContain('canary')
    expect(await userAt('a@example.com')).toBeNull()
  })

  it('is not offered where registration is closed, and says so to who comes anyway', async () => {
    const login = await (await callWith(CLOSED, `${ORIGIN}/login`)).text()
    expect(login).not.toContain('/register')
    expect(await (await open('/login')).text()).toContain('<a href="/register">')
    const page = await (await callWith(CLOSED, `${ORIGIN}/register`)).text()
    expect(page).toContain(say.problems.registration_closed)
    expect(page).not.toContain('<form')
    const email = nobody()
    const body = new URLSearchParams({ email, password: PASSWORD })
    expect((await callIn(CLOSED, 'POST', '/register', { body, headers: SAME_ORIGIN })).status).toBe(403)
    expect(await userAt(email)).toBeNull()
  })
})

describe('/forgot', () => {
  it('answers the same whether the address has an account or not', async () => {
    const { email } = await member()
    const wait = vi.spyOn(scheduler, 'wait') // for the next step of the clock
    onTestFinished(() => wait.mockRestore())
    for (const address of [email, nobody(), 'no address']) {
      const answer = await submit('/forgot', { email: address })
      expect(leadsTo(answer)).toEqual([303, expect.stringMatching(/^\/forgot\?done=forgotten&sent=[\w-]+$/)])
      expect(await answer.text()).toBe('')
    }
    expect(wait).toHaveBeenCalledTimes(3)
    expect(subjectsTo(email)).toEqual(['Set a new password'])
    const html = await (await open('/forgot?done=forgotten')).text()
    expect(html).toContain(say.done.forgotten)
    expect(html).not.toContain('<form')
  })

  it('asks for an address', async () => {
    expect((await submit('/forgot', {})).status).toBe(422)
  })
})

describe('"check your mail"', () => {
  const sentOf = (html: string) => /name="sent" value="([\w-]+)"/.exec(html)?.[1] ?? ''
  /** The page that a form leads to. */
  const after = async (answer: Response) => (await open(answer.headers.get('Location')!)).text()

  it.each(['/forgot', '/register'])('names the address that was typed in %s, and sends again', async (path) => {
    const [known, unknown] = [await member(path === '/register' ? { email_verified: 0 } : {}), nobody()]
    const pages = []
    for (const email of path === '/register' ? [unknown] : [known.email, unknown]) {
      const first = await after(await submit(path, { email, password: PASSWORD, return_to: '/account' }))
      const to = /action="([^"]*)"/.exec(first)![1]!
      const again = await submit(to, { sent: sentOf(first), return_to: '/account' })
      expect(again.headers.get('Location')).not.toContain(encodeURIComponent(email))
      const html = await after(again)
      expect(html).toContain(`${say.sentAgain} ${path === '/forgot' ? say.done.forgotten : say.done.resent}`)
      expect(html).toContain('<a href="/login?return_to=%2Faccount">')
      expect(html.match(new RegExp(email, 'g'))).toHaveLength(1)
      pages.push(html.replaceAll(/sent(=|" value=")[\w-]+/g, '').replace(email, 'x'))
    }
    if (path === '/forgot') {
      expect(pages[0]).toEqual(pages[1])
      expect(subjectsTo(known.email)).toHaveLength(2)
      expect(subjectsTo(unknown)).toEqual([])
    } else expect(subjectsTo(unknown)).toEqual(Array(2).fill('Confirm your email address'))
  })

  it('takes no address that it did not seal, and none after an hour', async () => {
    const { email } = await member()
    const sent = sentOf(await after(await submit('/forgot', { email })))
    for (const bad of ['', email, 'A'.repeat(120), `${sent}x`, `${sent.slice(0, -4)}AAAA`]) {
      expect((await submit('/forgot', { sent: bad })).status).toBe(422)
      expect(leadsTo(await submit('/verify/again', { sent: bad }))).toEqual([303, '/login'])
      expect(await (await open(`/forgot?done=forgotten&sent=${bad}`)).text()).not.toContain('<form')
    }
    clock.forward(3_600)
    expect((await submit('/forgot', { sent })).status).toBe(422)
    // A page that says whatever somebody typed would speak to others in our name.
    const typed = await submit('/forgot', { email: 'Your account is locked. Call 555' })
    const page = await (await open(typed.headers.get('Location')!)).text()
    expect([page.includes(say.checkMail), page.includes('555'), page.includes('<form')]).toEqual([true, false, false])
    expect(subjectsTo(email)).toHaveLength(1)
  })

  it('says there when it was asked too often', async () => {
    const { email } = await member()
    const sent = sentOf(await after(await submit('/forgot', { email })))
    const headers = { ...SAME_ORIGIN, 'CF-Connecting-IP': freshAddress() }
    const own = { ...ENV, PREFILTER: limiter(false) }
    for (const path of ['/forgot', '/verify/again']) {
      const answer = await callIn(own, 'POST', path, { body: new URLSearchParams({ sent }), headers })
      expect([answer.status, answer.headers.get('Retry-After')]).toEqual([429, '60'])
      const html = await answer.text()
      for (const text of [say.checkMail, email, say.problems.too_many_attempts, sent]) expect(html).toContain(text)
    }
    expect(subjectsTo(email)).toHaveLength(1)
  })
})

describe('a page', () => {
  it('says what was done in its own words only', async () => {
    for (const done of ['<script>', 'nothing', 'constructor', '__proto__', 'toString', '']) {
      const html = await (await open(`/login?done=${encodeURIComponent(done)}`)).text()
      expect(html).not.toContain('class="done"')
      expect(html).not.toContain('<script>')
    }
  })

  it('tells on a page who asked too often', async () => {
    const headers = { ...SAME_ORIGIN, 'CF-Connecting-IP': freshAddress() }
    const own = { ...ENV, PREFILTER: limiter(false), PREFILTER_REFRESH: limiter(false) }
    for (const path of ['/login', '/register', '/forgot']) {
      const answer = await callIn(own, 'POST', path, { body: new URLSearchParams({ email: nobody() }), headers })
      expect([answer.status, answer.headers.get('Retry-After')]).toEqual([429, '60'])
      expect(await answer.text()).toContain(say.problems.too_many_attempts)
    }
  })

  it('tells on a page what nobody foresaw, without detail', async () => {
    const prepare = () => {
      throw new Error('a secret detail')
    }
    const own = { ...ENV, DB: { prepare } as unknown as D1Database }
    const headers = { ...SAME_ORIGIN, 'CF-Connecting-IP': freshAddress() }
    const body = new URLSearchParams({ token: 'A'.repeat(43), password: PASSWORD })
    const answer = await callIn(own, 'POST', '/verify', { body, headers })
    const html = await answer.text()
    expect([answer.status, html]).toEqual([500, expect.stringContaining(say.problems.internal_error) as string])
    expect(html).not.toMatch(/secret detail|Error: a/)
  })
})

describe('the language', () => {
  const languageOf = async (path: string, headers: Record<string, string>) =>
    /<html lang="(\w+)">/.exec(await (await open(path, undefined, headers)).text())?.[1]

  it('is the one that was chosen, before the one that the browser asks for', async () => {
    const answer = await open('/login?lang=ko', undefined, { 'Accept-Language': 'en' })
    expect(await answer.text()).toContain('<html lang="ko">')
    expect(answer.headers.getSetCookie()).toEqual(['lang=ko; Max-Age=34560000; Path=/; HttpOnly; Secure; SameSite=Lax'])
    expect(await languageOf('/login', { Cookie: 'lang=ko', 'Accept-Language': 'en' })).toBe('ko')
    expect(await languageOf('/login?lang=en', { Cookie: 'lang=ko' })).toBe('en')
    expect(await languageOf('/login', { Cookie: 'lang=fr', 'Accept-Language': 'ko' })).toBe('ko')
  })

  it.each(['fr', '', 'KO', 'ko; Path=/', '"><script>'])('is not set to %j', async (lang) => {
    const answer = await open(`/login?lang=${encodeURIComponent(lang)}`)
    expect(answer.headers.getSetCookie()).toEqual([])
    expect(await answer.text()).toContain('<html lang="en">')
  })

  it('is that of the mails, too', async () => {
    const email = nobody()
    await submit('/register', { email, password: PASSWORD }, undefined, { Cookie: 'lang=ko' })
    expect(subjectsTo(email)).toEqual(['이메일 주소를 인증해 주세요'])
  })

  it('changes by a link that keeps what the page was for', async () => {
    const html = await (await open('/reset?token=kept&return_to=%2Faccount&other=lost')).text()
    expect(html).toContain('<a href="/reset?token=kept&amp;return_to=%2Faccount&amp;lang=ko" lang="ko" hreflang="ko">')
    const wrong = await (await submit('/reset', { token: 'kept', password: 'short' })).text()
    expect(wrong).toContain('<a href="/reset?token=kept&amp;lang=ko"')
    const logout = await (await submit('/account/sessions', { end: 'nothing' }, (await member()).token)).text()
    expect(logout).toContain('<a href="/account/devices?lang=ko"')
  })
})
