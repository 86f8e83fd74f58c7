import { beforeAll, describe, expect, it } from 'vitest'
import { words } from '../words.ts'
import {
  bearer,
  call,
  claimsOf,
  eventsOf,
  freshDatabase,
  insertUser,
  leadsTo,
  member,
  open,
  ORIGIN,
  PASSWORD,
  postForm,
  SAME_ORIGIN,
  sessionCookieIn,
  sessionFor,
  submit,
} from '../support.ts'

freshDatabase()

let user: { id: number; email: string }
beforeAll(async () => {
  user = await insertUser()
})

describe('the login page', () => {
  it('is a form that works without script', async () => {
    const html = await (await call('GET', '/login')).text()
    expect(html).toMatch(/^<!doctype html><html lang="en">/)
    expect(html).toContain('<form method="post" action="/login">')
    expect(html).toMatch(
      /<label for="email">.*<input id="email" [^>]*type="email" autocomplete="username webauthn" required/,
    )
    expect(html).toMatch(
      /<label for="password">.*<input id="password" [^>]*type="password" autocomplete="current-password"/,
    )
    expect(html.match(/<script[^]*?<\/script>/g)).toEqual([
      '<script src="/enhance.js" defer=""></script>',
      '<script type="module" src="/passkeys.js"></script>',
    ])
    expect(html).not.toMatch(/ style=| on[a-z]+=/)
  })

  it.each([
    ['ko', 'ko'],
    ['ko-KR,ko;q=0.9,en;q=0.8', 'ko'],
    ['en-GB', 'en'],
    ['fr, ko;q=0.1', 'ko'],
    ['fr', 'en'],
    ['', 'en'],
    [`${'x'.repeat(5_000)};q=,,,;`, 'en'],
  ])('speaks, to Accept-Language %s, %s', async (header, language) => {
    const html = await (await call('GET', '/login', { headers: { 'Accept-Language': header } })).text()
    expect(html).toContain(`<html lang="${language}">`)
  })

  it('signs in by a cookie that no script and no other site can read, and out again', async () => {
    const answer = await postForm('/login', { email: user.email, password: PASSWORD })
    expect([answer.status, answer.headers.get('Location')]).toEqual([303, '/login'])
    const setCookie = sessionCookieIn(answer)
    expect(setCookie).toMatch(/^__Host-latchkey=[\w.-]+; Max-Age=86400; Path=\/; HttpOnly; Secure; SameSite=Lax$/)
    expect(answer.headers.getSetCookie()[0]).toMatch(
      /^__Host-latchkey-device=lkd_[\w-]{70}; Max-Age=34560000; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    )
    const Cookie = setCookie.split(';')[0]!
    expect(claimsOf(Cookie.split('=')[1]!)).toMatchObject({ user_id: user.id })
    expect(await (await call('GET', '/login', { headers: { Cookie } })).text()).toContain(
      `You are signed in as ${user.email}.`,
    )
    expect((await call('POST', '/action', { headers: { Cookie, ...SAME_ORIGIN } })).status).toBe(200)

    const left = await postForm('/logout', {}, { Cookie, ...SAME_ORIGIN })
    expect([left.status, left.headers.get('Location')]).toEqual([303, '/login'])
    expect(sessionCookieIn(left)).toMatch(/^__Host-latchkey=; Max-Age=0; Path=\/; HttpOnly; Secure; SameSite=Lax$/)
    expect((await call('POST', '/action', { headers: { Cookie, ...SAME_ORIGIN } })).status).toBe(401)
    expect(await (await call('GET', '/login', { headers: { Cookie } })).text()).toContain('name="password"')
    expect((await postForm('/logout', {}, { Cookie, ...SAME_ORIGIN })).status).toBe(303)
  })

  it("keeps a sign-in where a proxy's password stands before the site", async () => {
    const { email } = await insertUser()
    const proxy = { Authorization: 'Basic c3RhZ2luZzpzZWNyZXQ=' }
    const answer = await submit('/login', { email, password: PASSWORD }, undefined, proxy)
    expect(answer.status).toBe(303)
    const token = sessionCookieIn(answer).split(';')[0]!.split('=')[1]!
    expect(await (await open('/login', token, proxy)).text()).toContain(email)
    expect((await open('/account', token, proxy)).status).toBe(200)
    expect(leadsTo(await submit('/logout', {}, token, proxy))).toEqual([303, '/login'])
    expect(leadsTo(await open('/account', token, proxy))).toEqual([303, '/login?return_to=/account'])
  })

  it('ends the session that this browser had, whoever it was, and no other', async () => {
    const [first, second] = [await member(), await member()]
    const elsewhere = await sessionFor(first.id)
    const signInOver = (Cookie: string, email: string, password = PASSWORD) =>
      postForm('/login', { email, password }, { Cookie, ...SAME_ORIGIN })
    const acting = async (token: string) => (await call('POST', '/action', bearer(token))).status
    expect((await signInOver(`__Host-latchkey=${first.token}`, first.email, 'wrong')).status).toBe(401)
    expect(await acting(first.token)).toBe(200)

    const again = await signInOver(`__Host-latchkey=${first.token}`, first.email)
    const Cookie = sessionCookieIn(again).split(';')[0]!
    expect([again.status, await acting(first.token)]).toEqual([303, 401])
    expect((await eventsOf(first.id)).slice(-2)).toEqual(['login_succeeded', 'logged_out'])
    const asSecond = await signInOver(Cookie, second.email)
    expect([asSecond.status, await acting(Cookie.split('=')[1]!)]).toEqual([303, 401])
    expect([await acting(elsewhere.token), await acting(second.token)]).toEqual([200, 200])

    const twice = await signInOver(`${Cookie}; __Host-latchkey=${elsewhere.token}`, first.email)
    expect([twice.status, await acting(elsewhere.token)]).toEqual([303, 200]) // one of two cookies was planted
  })

  it('shows what went wrong in words, keeps the address and never the password', async () => {
    const answer = await postForm('/login', { email: 'wrong@example.com', password: 'canary-of-a-password' })
    const html = await answer.text()
    expect(answer.status).toBe(401)
    expect(answer.headers.get('Set-Cookie')).toBeNull()
    expect(html).toContain(words.en.problems.invalid_credentials)
    expect(html).toContain('role="alert"')
    expect(html).toContain('value="wrong@example.com"')
    expect(html).not.toContain('canary')
    const disabled = await insertUser({ disabled_at: 1 })
    expect((await postForm('/login', { email: disabled.email, password: PASSWORD })).status).toBe(403)
  })

  it('escapes what was typed', async () => {
    const html = await (await postForm('/login', { email: '"><script>alert(1)</script>', password: 'x' })).text()
    expect(html).not.toContain('<script>')
    expect(html).toContain('value="&quot;&gt;&lt;script&gt;')
  })

  it.each([[{}], [{ email: '' }], [{ email: 'a@example.com' }], [{ email: 'a@example.com', password: 'a\0' }]])(
    'asks again for %j',
    async (form) => {
      const answer = await postForm('/login', form as Record<string, string>)
      expect(answer.status).toBe(422)
      const html = await answer.text()
      expect(html).toContain(words.en.problems.invalid_body)
      expect(html).toMatch(/<a href="#(email|password)">/)
      expect(html).toMatch(/<input id="password"[^>]* aria-invalid="true" aria-describedby="password-wrong"/)
    },
  )

  it.each([
    [{}],
    [{ Origin: 'https://evil.example' }],
    [{ Origin: 'null' }],
    [{ 'Sec-Fetch-Site': 'cross-site' }],
    [{ 'Sec-Fetch-Site': 'same-site', Origin: ORIGIN }],
  ])('signs nobody in or out for another site: %j', async (headers) => {
    const answer = await postForm('/login', { email: user.email, password: PASSWORD }, headers as HeadersInit)
    expect(answer.status).toBe(403)
    expect(answer.headers.get('Set-Cookie')).toBeNull()
    const left = await postForm('/logout', {}, headers as HeadersInit)
    expect(left.status).toBe(403)
    expect(left.headers.get('Set-Cookie')).toBeNull()
    expect(await left.text()).toContain(words.en.problems.cross_site_request)
  })
})
