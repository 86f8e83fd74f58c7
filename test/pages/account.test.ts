import { env } from 'cloudflare:workers'
import { describe, expect, it, vi } from 'vitest'
import { words } from '../words.ts'
import {
  anotherIsolate,
  call,
  callWith,
  claimsOf,
  clock,
  ENV,
  eventsOf,
  freshDatabase,
  leadsTo,
  login,
  mailedToken,
  member,
  open,
  ORIGIN,
  PASSWORD,
  sessionCookieIn,
  sessionFor,
  subjectsTo,
  submit,
  userAt,
} from '../support.ts'

freshDatabase()

const NEW = 'another password of somebody'
const say = words.en

const standing = async (user_id: number) => {
  const query = env.DB.prepare('SELECT id FROM sessions WHERE user_id = ? AND revoked_at IS NULL').bind(user_id)
  return (await query.all<{ id: string }>()).results.map(({ id }) => id).sort()
}

describe('the account pages, for somebody who is not signed in', () => {
  const FORMS = [
    '/account/email',
    '/account/password',
    '/account/password/remove',
    '/account/confirm',
    '/account/delete',
  ]
  const PAGES = ['/account', '/account/export', '/account/devices', '/account/sessions', ...FORMS]

  it.each(PAGES)('GET %s leads to the login and back', async (path) => {
    const gone = await member()
    await call('POST', '/user/logout', { headers: { Authorization: gone.token } })
    for (const token of [undefined, 'nonsense', gone.token, `${gone.token}; __Host-latchkey=${gone.token}`]) {
      const answer = await open(path, token)
      expect(leadsTo(answer)).toEqual([303, `/login?return_to=${path}`])
      expect(await answer.text()).toBe('')
    }
  })

  it.each([...FORMS, '/account/email/cancel', '/account/sessions', '/account/devices'])(
    'POST %s does, too',
    async (path) => {
      const back = path === '/account/sessions' ? '/account/devices' : path.replace('/cancel', '')
      expect(leadsTo(await submit(path, { password: PASSWORD }))).toEqual([303, `/login?return_to=${back}`])
    },
  )

  it('takes no second copy of the cookie for a login', async () => {
    const { token } = await member()
    expect((await open('/account', token)).status).toBe(200)
    expect((await open('/account', `${token}; __Host-latchkey=planted`)).status).toBe(303)
  })
})

describe('/account', () => {
  it('shows the address and leads to the devices, without the doorkeeper', async () => {
    const [me, other] = [await member(), await member()]
    const own = { ...ENV, DOORKEEPER: {} } as unknown as Env
    const headers = { Cookie: `__Host-latchkey=${me.token}` }
    const html = await (await callWith(own, `${ORIGIN}/account`, { headers })).text()
    for (const text of [me.email, 'href="/account/devices"']) expect(html).toContain(text)
    for (const secret of [other.email, other.sid, me.sid, me.token, '$2b$']) expect(html).not.toContain(secret)
  })
})

describe('/account/devices', () => {
  it('shows the sessions and the devices of this person alone, and no secret', async () => {
    const [me, other] = [await member(), await member()]
    await login(me.email)
    const html = await (await open('/account/devices', me.token)).text()
    expect(html.match(/name="end" value="[\w-]{22}"/g)).toHaveLength(2)
    expect(html.match(/name="forget" value="[\w-]{22}"/g)).toHaveLength(1)
    expect(html.indexOf(say.thisDevice)).toBeLessThan(html.indexOf(say.signedInHere))
    for (const secret of [other.email, other.sid, me.token, '$2b$']) expect(html).not.toContain(secret)
    expect(leadsTo(await open('/account/sessions', me.token))).toEqual([303, '/account/devices'])
  })

  it('is one list: a device that is signed in has both buttons, each with a name of its own', async () => {
    const me = await member()
    const from = (agent: string, ip: string) =>
      call('POST', '/user/login', {
        json: { email: me.email, password: PASSWORD },
        headers: { 'User-Agent': agent, 'CF-Connecting-IP': ip },
      })
    const [CHROME, FIREFOX] = ['(Windows NT 10.0) Chrome/142.0', '(X11; Linux) Firefox/145.0']
    await from(CHROME, '203.0.113.1')
    clock.forward(60)
    const gone = await (await from(FIREFOX, '203.0.113.2')).json<{ access_token: string }>()
    await call('POST', '/user/logout', { headers: { Authorization: gone.access_token } })
    const html = await (await open('/account/devices', me.token)).text()
    const lines = html.split('</ul>')[0]!.split('<li>').slice(1)
    expect(lines.map((line) => [...line.matchAll(/aria-label="([^"]*)"/g)].map(([, name]) => name))).toEqual([
      ['Sign out Unknown device'],
      ['Sign out Chrome on Windows', 'Forget Chrome on Windows'],
      ['Forget Firefox on Linux'],
    ])
    const korean = await (await open('/account/devices?lang=ko', me.token)).text()
    expect(korean).toContain('aria-label="Firefox · Linux 삭제"')
  })

  it.each([
    ['cannot be reached', () => Promise.reject(new Error('The object is not where it was.'))],
    ['is silent', () => new Promise(() => {})],
  ])('is there while the doorkeeper %s, and ends a stolen session', async (_how, known) => {
    const log = vi.spyOn(console, 'error').mockReturnValue()
    const me = await member()
    const stolen = await sessionFor(me.id)
    const DOORKEEPER = { getByName: () => ({ known }) } as unknown as Env['DOORKEEPER']
    const own = { ...ENV, DOORKEEPER }
    const headers = { Cookie: `__Host-latchkey=${me.token}`, 'Sec-Fetch-Site': 'same-origin' }
    const answer = await callWith(own, `${ORIGIN}/account/devices`, { headers })
    expect(answer.status).toBe(200)
    const html = await answer.text()
    for (const text of [stolen.sid, say.notWhole]) expect(html).toContain(text)
    expect(log.mock.calls.flat()).toEqual([expect.stringContaining('"code":"devices_not_shown"')])
    log.mockRestore()
    const body = new URLSearchParams({ end: stolen.sid })
    const ended = await callWith(own, `${ORIGIN}/account/sessions`, {
      method: 'POST',
      redirect: 'manual',
      headers,
      body,
    })
    expect(leadsTo(ended)).toEqual([303, '/account/devices?done=sessions'])
    expect(await standing(me.id)).toEqual([me.sid])
  })

  it('tells devices by names, and shows no User-Agent as it is', async () => {
    const me = await member()
    const hostile = '<script>alert(1)</script> Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/142.0.0.0 Safari/537.36'
    const headers = { 'User-Agent': hostile, 'CF-Connecting-IP': '203.0.113.7' }
    await call('POST', '/user/login', { json: { email: me.email, password: PASSWORD }, headers })
    const html = await (await open('/account/devices', me.token)).text()
    expect(html).toContain('Chrome · Windows')
    expect(html).toContain('203.0.113.7')
    expect(html).not.toContain('alert(1)')
  })

  it('ends one session, the others, or all', async () => {
    const me = await member()
    const bystander = await member()
    const [one, two, three] = [await sessionFor(me.id), await sessionFor(me.id), await sessionFor(me.id)]
    expect(leadsTo(await submit('/account/sessions', { end: one.sid }, me.token))).toEqual([
      303,
      '/account/devices?done=sessions',
    ])
    expect(await standing(me.id)).toEqual([me.sid, two.sid, three.sid].sort())
    const others = await submit('/account/sessions', { end: 'others' }, me.token)
    expect(leadsTo(others)).toEqual([303, '/account/devices?done=sessions'])
    expect(others.headers.get('Set-Cookie')).toBeNull()
    expect(await standing(me.id)).toEqual([me.sid])
    expect((await call('POST', '/action', { headers: { Authorization: two.token } })).status).toBe(401)
    expect(await eventsOf(me.id)).toEqual([
      ...Array<string>(4).fill('login_succeeded'),
      'session_revoked',
      'sessions_revoked',
    ])
    const all = await submit('/account/sessions', { end: 'all' }, me.token)
    expect(leadsTo(all)).toEqual([303, '/login?done=sessions'])
    expect(sessionCookieIn(all)).toMatch(/^__Host-latchkey=; Max-Age=0; Path=\//)
    expect(await standing(me.id)).toEqual([])
    expect(await standing(bystander.id)).toEqual([bystander.sid])
  })

  it('ends this session by its own id, and the cookie with it', async () => {
    const me = await member()
    const answer = await submit('/account/sessions', { end: me.sid }, me.token)
    expect(leadsTo(answer)).toEqual([303, '/login?done=sessions'])
    expect(sessionCookieIn(answer)).toMatch(/^__Host-latchkey=; Max-Age=0/)
  })

  it("ends nobody else's session, and says so on a page", async () => {
    const [me, other] = [await member(), await member()]
    for (const end of [other.sid, 'nothing', '', 'Others', "' OR 1=1 --"]) {
      const answer = await submit('/account/sessions', { end }, me.token)
      expect([answer.status, await answer.text()]).toEqual([404, expect.stringContaining(say.problems.not_found)])
    }
    expect(await standing(other.id)).toEqual([other.sid])
    expect(await standing(me.id)).toEqual([me.sid])
  })

  it('forgets a device of this person, and no other', async () => {
    const [me, other] = [await member(), await member()]
    await login(me.email)
    const deviceIn = (html: string) => /name="forget" value="([\w-]+)"/.exec(html)?.[1]
    const id = deviceIn(await (await open('/account/devices', me.token)).text())!
    expect((await submit('/account/devices', { forget: id }, other.token)).status).toBe(404)
    expect(leadsTo(await submit('/account/devices', { forget: id }, me.token))).toEqual([
      303,
      '/account/devices?done=device',
    ])
    expect(deviceIn(await (await open('/account/devices', me.token)).text())).toBeUndefined()
    expect((await submit('/account/devices', { forget: id }, me.token)).status).toBe(404)
    await login(me.email)
    await login(me.email)
    const [mine, theirs] = [{ Cookie: `__Host-latchkey=${me.token}` }, await login(other.email)]
    expect(theirs.status).toBe(200)
    expect((await submit('/account/devices', { forget: 'all' }, me.token)).status).toBe(303)
    const listed = await (await call('GET', '/user/devices', { headers: mine })).json()
    expect(listed).toEqual({ devices: [] })
    expect(deviceIn(await (await open('/account/devices', other.token)).text())).toBeDefined()
    expect((await submit('/account/devices', { forget: 'all' }, me.token)).status).toBe(404)
  })

  it('is over as soon as the session is, in another isolate, too', async () => {
    const me = await member()
    await submit('/account/sessions', { end: 'all' }, me.token)
    const headers = { Cookie: `__Host-latchkey=${me.token}` }
    const answer = await callWith(anotherIsolate(), `${ORIGIN}/account`, { headers, redirect: 'manual' })
    expect(answer.status).toBe(303)
  })
})

describe('/account/password', () => {
  it('changes the password, keeps this session and ends the others', async () => {
    const me = await member()
    const other = await sessionFor(me.id)
    const form = { current_password: PASSWORD, new_password: NEW }
    expect(leadsTo(await submit('/account/password', form, me.token))).toEqual([303, '/account?done=password'])
    expect(await standing(me.id)).toEqual([me.sid])
    expect((await call('POST', '/action', { headers: { Authorization: other.token } })).status).toBe(401)
    expect((await login(me.email, NEW)).status).toBe(200)
    expect((await login(me.email)).status).toBe(401)
  })

  it.each([
    [{ current_password: 'canary wrong', new_password: NEW }, 401, say.wrongPassword],
    [{ current_password: PASSWORD, new_password: 'canary' }, 422, say.fields.too_short],
    [{ current_password: PASSWORD, new_password: 'password1' }, 422, say.fields.too_common],
    [{ current_password: '', new_password: '' }, 422, say.fields.required],
    [{}, 422, say.fields.required],
  ])('refuses %j, and repeats no password', async (form, status, sentence) => {
    const me = await member()
    const before = (await userAt(me.email))!.hashed_password
    const answer = await submit('/account/password', form as unknown as Record<string, string>, me.token)
    const html = await answer.text()
    expect([answer.status, html]).toEqual([status, expect.stringContaining(sentence)])
    expect(html).not.toContain('canary')
    expect((await userAt(me.email))!.hashed_password).toBe(before)
  })
})

describe('/account/email', () => {
  it('mails a link to the new address, and changes nothing before it is opened', async () => {
    const me = await member()
    const target = `target.${me.email}`
    const answer = await submit('/account/email', { email: target, password: PASSWORD }, me.token)
    expect(leadsTo(answer)).toEqual([303, '/account/email?done=email'])
    expect(await userAt(target)).toBeNull()
    expect(subjectsTo(me.email)).toEqual(['A new email address was requested'])
    expect(leadsTo(await submit('/verify', { token: mailedToken(target), password: PASSWORD }))).toEqual([
      303,
      '/login?done=verified',
    ])
    expect(await userAt(target)).toMatchObject({ id: me.id })
    expect((await open('/account', me.token)).status).toBe(303)
  })

  it('asks for the right password, and keeps the address that was typed', async () => {
    const me = await member()
    const answer = await submit('/account/email', { email: 'new@example.com', password: 'canary' }, me.token)
    const html = await answer.text()
    expect([answer.status, html]).toEqual([401, expect.stringContaining('value="new@example.com"')])
    expect(html).not.toContain('canary')
    expect(mailedToken('new@example.com')).toBe('')
    expect((await submit('/account/email', { email: 'no address', password: PASSWORD }, me.token)).status).toBe(422)
  })
})

describe('/account/export', () => {
  it('gives the file to a fresh login', async () => {
    const me = await member()
    const answer = await open('/account/export', me.token)
    expect(answer.headers.get('Content-Disposition')).toBe('attachment; filename="account.json"')
    expect(answer.headers.get('Content-Type')).toBe('application/json')
    const text = await answer.text()
    expect(JSON.parse(text)).toMatchObject({ user: { user_id: me.id, email: me.email } })
    expect(text).not.toMatch(/\$2b\$|eyJ/)
  })

  it('asks for the password when the login is not fresh any more, and stays fresh for ten minutes then', async () => {
    clock.set(0)
    const me = await member()
    clock.set(601)
    const confirms = [303, '/account/confirm?return_to=/account']
    expect(leadsTo(await open('/account/export', me.token))).toEqual(confirms)
    const html = await (await open('/account/confirm?return_to=/account', me.token)).text()
    expect(html).toContain('action="/account/confirm"')
    expect(html).not.toContain(me.email)
    expect((await submit('/account/confirm', { password: 'wrong' }, me.token)).status).toBe(401)
    expect(leadsTo(await open('/account/export', me.token))).toEqual(confirms)
    const confirmed = await submit('/account/confirm', { password: PASSWORD }, me.token)
    expect(leadsTo(confirmed)).toEqual([303, '/account?done=confirmed'])
    const token = /^__Host-latchkey=([\w.-]+); /.exec(sessionCookieIn(confirmed))![1]!
    expect(claimsOf(token)).toMatchObject({ user_id: me.id })
    expect(claimsOf(token).sid).not.toBe(me.sid)
    expect(leadsTo(await open('/account/export', me.token))).toEqual([303, '/login?return_to=/account/export'])
    expect((await open('/account/export', token)).headers.get('Content-Type')).toBe('application/json')
    clock.set(601 + 601)
    expect(leadsTo(await open('/account/export', token))).toEqual(confirms)
  })
})

describe('/account/delete', () => {
  it('deletes the account and both cookies, for the right password alone', async () => {
    const me = await member()
    expect((await submit('/account/delete', { password: 'wrong' }, me.token)).status).toBe(401)
    expect((await submit('/account/delete', {}, me.token)).status).toBe(422)
    expect(await userAt(me.email)).not.toBeNull()
    const answer = await submit('/account/delete', { password: PASSWORD }, me.token)
    expect(leadsTo(answer)).toEqual([303, '/login?done=deleted'])
    expect(answer.headers.getSetCookie().map((cookie) => cookie.slice(0, 40))).toEqual([
      '__Host-latchkey-device=; Max-Age=0; Path',
      '__Host-latchkey=; Max-Age=0; Path=/; Htt',
      '__Host-latchkey-renewal=; Max-Age=0; Pat',
    ])
    expect(await userAt(me.email)).toBeNull()
    expect((await open('/account', me.token)).status).toBe(303)
  })
})
