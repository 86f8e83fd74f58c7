import { describe, expect, it } from 'vitest'
import { words } from '../words.ts'
import {
  bearer,
  call,
  callIn,
  clock,
  dump,
  expectProblem,
  freshDatabase,
  insertUser,
  linksOf,
  login,
  mailedToken,
  mailsTo,
  member,
  ORIGIN,
  PASSWORD,
  postForm,
  SAME_ORIGIN,
  subjectsTo,
  userAt,
  watchedIsolate,
} from '../support.ts'

freshDatabase()

const NEW = 'another password of somebody'
/** A page whose summary of what is wrong says this. */
const telling = (sentence: string) =>
  expect.stringMatching(new RegExp(`role="alert"[^>]*>(?:(?!</div>).)*${sentence.replace(/[.?]/g, '\\$&')}`)) as string

/** Users whose mailboxes hold one link each. */
async function waiting() {
  const user = await member({ email_verified: 0 })
  await call('POST', '/user/email/resend', { json: { email: user.email } })
  return { ...user, mailed: mailedToken(user.email) }
}
async function forgetful() {
  const user = await member()
  await call('POST', '/user/password/forgot', { json: { email: user.email } })
  return { ...user, mailed: mailedToken(user.email) }
}
async function moving() {
  const user = await member()
  const target = `moving.${user.email}`
  await call('POST', '/user/email', { json: { email: target, password: PASSWORD }, ...bearer(user.token) })
  return { ...user, target, mailed: mailedToken(target) }
}

describe('the page that a mailed link opens', () => {
  it.each(['/verify', '/reset', '/cancel'])(
    '%s changes nothing by being opened, however often, and by whatever scanner',
    async (path) => {
      const [verify, reset, moved] = [await waiting(), await forgetful(), await moving()]
      const good: Record<string, string[]> = {
        '/verify': [verify.mailed, moved.mailed],
        '/reset': [reset.mailed],
        '/cancel': [mailedToken(moved.email)],
      }
      const before = await dump()
      for (const token of [...Object.values(good).flat(), 'nonsense', '']) {
        for (const method of ['GET', 'HEAD', 'GET']) {
          const answer = await call(method, `${path}?token=${token}`)
          expect(answer.status).toBe(good[path]!.includes(token) ? 200 : 400)
          expect(answer.headers.get('Set-Cookie')).toBeNull()
          expect(answer.headers.get('Cache-Control')).toBe('no-store')
          expect(answer.headers.get('Referrer-Policy')).toBe('strict-origin')
        }
        await call('OPTIONS', `${path}?token=${token}`)
      }
      expect(await dump()).toEqual(before)
    },
  )

  it('takes neither of two tokens, nor of two ways back, nor of two languages', async () => {
    for (const path of ['/verify', '/reset', '/cancel', '/login']) {
      for (const values of [
        ['/account', '/account/email'],
        ['/account', '/account'],
        ['', '/account'],
      ]) {
        const query = values.flatMap((to) => [`token=${to}`, `return_to=${to}`]).join('&')
        const html = await (await call('GET', `${path}?${query}&lang=ko&lang=en`)).text()
        expect(html).not.toMatch(/name="(token|return_to)"/)
        expect(html).toContain('<html lang="en">')
      }
    }
  })

  it('is a form that works without script and loads nothing from elsewhere', async () => {
    const moved = await moving()
    for (const [path, mailed] of [
      ['/verify', moved.mailed],
      ['/reset', (await forgetful()).mailed],
      ['/cancel', mailedToken(moved.email)],
    ] as const) {
      const html = await (await call('GET', `${path}?token=${mailed}`)).text()
      expect(html).toMatch(/^<!doctype html><html lang="en">/)
      expect(html).toContain(`<form method="post" action="${path}">`)
      expect(html).toContain(`<input type="hidden" name="token" value="${mailed}"/>`)
      expect(html.replace('<script src="/enhance.js" defer=""></script>', '')).not.toMatch(/<script|https?:|src=/)
      expect(html.includes('type="password" autocomplete="new-password"')).toBe(path === '/reset')
    }
  })

  it.each(['/verify', '/reset', '/cancel'])('%s escapes the token', async (path) => {
    const hostile = `"><script>alert(1)</script>'&lt;`
    const pages = [
      await (await call('GET', `${path}?token=${encodeURIComponent(hostile)}`)).text(),
      await (await postForm(path, { token: hostile, password: NEW })).text(),
    ]
    for (const html of pages) {
      expect(html).not.toContain('<script>')
      expect(html).toContain('token=%22%3E%3Cscript%3Ealert%281%29%3C%2Fscript%3E') // in the links to other languages
    }
  })

  it.each([
    [{}],
    [{ Origin: 'https://evil.example' }],
    [{ Origin: 'null' }],
    [{ Origin: `${ORIGIN}.evil.example` }],
    [{ 'Sec-Fetch-Site': 'cross-site' }],
    [{ 'Sec-Fetch-Site': 'same-site', Origin: ORIGIN }],
    [{ 'Sec-Fetch-Site': 'none' }],
    [{ Referer: `${ORIGIN}.evil.example/reset` }],
    [{ Referer: `${ORIGIN}/reset`, Origin: 'https://evil.example' }],
  ])('takes no form without a proof that it is its own: %j', async (headers) => {
    const links = [
      { path: '/verify', ...(await waiting()) },
      { path: '/verify', ...(await moving()) },
      { path: '/reset', ...(await forgetful()) },
    ]
    const before = await dump()
    for (const { path, mailed } of links) {
      const answer = await postForm(path, { token: mailed, password: NEW }, headers as Record<string, string>)
      expect(answer.status).toBe(403)
      expect(await answer.text()).toContain(words.en.problems.cross_site_request)
    }
    expect(await dump()).toEqual(before)
  })

  it.each([[{ Origin: ORIGIN }], [{ Referer: `${ORIGIN}/` }]])(
    'takes its form from an older browser, which says where it is from: %j',
    async (headers) => {
      const { email, mailed } = await waiting()
      const form = { token: mailed, password: PASSWORD }
      expect((await postForm('/verify', form, headers as Record<string, string>)).status).toBe(303)
      expect((await userAt(email))!.email_verified).toBe(1)
    },
  )

  it('takes nothing but a form', async () => {
    const { mailed, email } = await forgetful()
    const before = await dump()
    const json = await call('POST', '/reset', { json: { token: mailed, password: NEW }, headers: SAME_ORIGIN })
    expect(json.status).toBe(415)
    const headers = { 'Content-Type': 'text/plain', ...SAME_ORIGIN }
    expect((await call('POST', '/reset', { body: `token=${mailed}&password=${NEW}`, headers })).status).toBe(415)
    expect((await call('POST', `/reset?token=${mailed}&password=${NEW}`, { headers })).status).toBe(415)
    expect((await postForm(`/reset?token=${mailed}`, { password: NEW })).status).toBe(400)
    expect(await dump()).toEqual(before)
    expect((await login(email)).status).toBe(200)
  })
})

describe('/verify', () => {
  it('confirms the address by the form, and sends to the login', async () => {
    const { id, email, mailed } = await waiting()
    const answer = await postForm('/verify', { token: mailed, password: PASSWORD })
    expect([answer.status, answer.headers.get('Location')]).toEqual([303, '/login?done=verified'])
    expect(answer.headers.get('Set-Cookie')).toBeNull()
    expect(await (await call('GET', '/login?done=verified')).text()).toContain(words.en.done.verified)
    expect((await userAt(email))!.email_verified).toBe(1)
    expect(await linksOf(id)).toEqual([])
    expect((await login(email)).status).toBe(200)
  })

  it('moves an account to its new address, and tells the old one', async () => {
    const user = await moving()
    expect((await postForm('/verify', { token: user.mailed, password: PASSWORD })).status).toBe(303)
    expect(await userAt(user.target)).toMatchObject({ id: user.id })
    expect(subjectsTo(user.email).at(-1)).toBe('Your email address was changed')
    await expectProblem(await call('POST', '/action', bearer(user.token)), 401, 'invalid_token')
  })

  it.each([
    ['en', 'en-GB'],
    ['ko', 'ko-KR'],
  ] as const)('says in %s what went wrong', async (language, accepted) => {
    const headers = { ...SAME_ORIGIN, 'Accept-Language': accepted }
    const { problems } = words[language]
    const [used, late, moved, reset] = [await waiting(), await waiting(), await moving(), await forgetful()]
    await postForm('/verify', { token: used.mailed, password: PASSWORD })
    await insertUser({ email: moved.target })
    for (const [token, status, sentence] of [
      [used.mailed, 400, problems.invalid_one_time_token],
      [reset.mailed, 400, problems.invalid_one_time_token],
      ['', 400, words[language].linkCut],
      ['%', 400, words[language].linkCut],
      [moved.mailed, 409, problems.email_taken],
    ] as const) {
      const answer = await postForm('/verify', { token, password: PASSWORD }, headers)
      const html = await answer.text()
      expect([answer.status, html]).toEqual([status, telling(sentence)])
      expect(html).toContain(`<html lang="${language}">`)
    }
    clock.set(3_600)
    const answer = await postForm('/verify', { token: late.mailed, password: PASSWORD }, headers)
    expect([answer.status, await answer.text()]).toEqual([400, telling(problems.invalid_one_time_token)])
  })
})

describe('/verify without the password', () => {
  it.each([
    ['nothing is typed', {}, 422],
    ['another one is typed', { password: NEW }, 401],
  ])(
    'confirms and moves nothing where %s, so a scanner that presses buttons does not',
    async (_what, typed, status) => {
      const [stranger, mover] = [await waiting(), await moving()]
      for (const { mailed, email } of [stranger, mover]) {
        const answer = await postForm('/verify', { token: mailed, ...(typed as Record<string, string>) })
        const html = await answer.text()
        expect(answer.status).toBe(status)
        expect(html).toContain(`value="${mailed}"`)
        expect(html).toContain(status === 401 ? words.en.wrongPassword : words.en.fields.required)
        expect(await userAt(email)).not.toBeNull()
      }
      expect((await userAt(stranger.email))!.email_verified).toBe(0)
      expect((await postForm('/verify', { token: stranger.mailed, password: PASSWORD })).status).toBe(303)
    },
  )
})

describe('/cancel', () => {
  it('changes nothing when it is opened, cancels by its button, and leads to a new password', async () => {
    const user = await moving()
    const notice = mailedToken(user.email)
    const before = await dump()
    for (const method of ['GET', 'HEAD']) expect((await call(method, `/cancel?token=${notice}`)).status).toBe(200)
    expect(await dump()).toEqual(before)
    const answer = await postForm('/cancel', { token: notice })
    expect([answer.status, answer.headers.get('Location')]).toEqual([303, '/forgot?done=cancelled'])
    const html = await (await call('GET', '/forgot?done=cancelled')).text()
    expect(html).toContain(words.en.done.cancelled)
    expect(html).toContain('action="/forgot"')
    expect((await postForm('/verify', { token: user.mailed, password: PASSWORD })).status).toBe(400)
    const again = await postForm('/cancel', { token: notice })
    expect([again.status, await again.text()]).toEqual([400, telling(words.en.problems.invalid_one_time_token)])
  })
})

describe('/reset', () => {
  it('sets the password by the form, ends every session, and sends to the login', async () => {
    const { email, token, mailed } = await forgetful()
    const answer = await postForm('/reset', { token: mailed, password: NEW })
    expect([answer.status, answer.headers.get('Location')]).toEqual([303, '/login?done=reset'])
    expect(answer.headers.get('Set-Cookie')).toBeNull()
    expect(await (await call('GET', '/login?done=reset')).text()).toContain(words.en.done.reset)
    await expectProblem(await call('POST', '/action', bearer(token)), 401, 'invalid_token')
    expect(mailsTo(email).at(-1)!.subject).toBe('Latchkey: Your password was changed')
    expect((await login(email, NEW)).status).toBe(200)
  })

  it.each([
    ['en', 'en-GB'],
    ['ko', 'ko-KR'],
  ] as const)(
    'says in %s what went wrong, keeps the link in the form, and never shows the password',
    async (language, accepted) => {
      const headers = { ...SAME_ORIGIN, 'Accept-Language': accepted }
      const { problems, fields } = words[language]
      const [user, used] = [await forgetful(), await forgetful()]
      await postForm('/reset', { token: used.mailed, password: NEW })
      for (const [token, password, status, sentence] of [
        [user.mailed, 'canary', 422, fields.too_short],
        [user.mailed, 'canary'.repeat(50), 422, fields.too_long],
        [user.mailed, 'password1', 422, fields.too_common],
        [user.mailed, '', 422, fields.required],
        [user.mailed, 'canary \0 of a password', 422, fields.malformed],
        [used.mailed, 'canary of a password', 400, problems.invalid_one_time_token],
        ['', 'canary of a password', 400, words[language].linkCut],
      ] as const) {
        const answer = await postForm('/reset', { token, password }, headers)
        const html = await answer.text()
        expect([answer.status, html]).toEqual([status, telling(sentence)])
        expect(html.includes(`name="token" value="${token}"`)).toBe(status === 422)
        expect(html).toContain(`<html lang="${language}">`)
        expect(html).not.toContain('canary')
      }
      expect((await postForm('/reset', { token: user.mailed, password: NEW }, headers)).status).toBe(303)
    },
  )

  it('refuses bytes that are no UTF-8', async () => {
    const { mailed } = await forgetful()
    const headers = { ...SAME_ORIGIN, 'Content-Type': 'application/x-www-form-urlencoded' }
    const body = `token=${mailed}&password=a%20password%20%ff%20of%20somebody`
    expect((await call('POST', '/reset', { body, headers })).status).toBe(422)
  })
})

describe('a page when the database fails', () => {
  it('says so, and the link is good for later', async () => {
    const { mailed, email } = await forgetful()
    const isolate = watchedIsolate()
    isolate.before = (texts) => {
      if (texts.length > 1) throw new Error('D1_ERROR: Network connection lost.')
    }
    const body = new URLSearchParams({ token: mailed, password: NEW })
    const answer = await callIn(isolate.env, 'POST', '/reset', { body, headers: SAME_ORIGIN })
    expect(answer.status).toBe(503)
    expect(answer.headers.get('Retry-After')).toBe('2')
    expect(await answer.text()).toContain(words.en.problems.unavailable)
    expect((await postForm('/reset', { token: mailed, password: NEW })).status).toBe(303)
    expect((await login(email, NEW)).status).toBe(200)
  })
})
