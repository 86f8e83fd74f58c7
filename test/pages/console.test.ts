import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { registry } from '../../src/app.ts'
import { statistics } from '../../src/features/admin/queries.ts'
import { words } from '../words.ts'
import {
  administrator,
  bearer,
  call,
  callBy,
  callWith,
  claimsOf,
  clock,
  cookieOf,
  dump,
  ENV,
  freshDatabase,
  insertUser,
  leadsTo,
  linksOf,
  login,
  member,
  type Member,
  now,
  open,
  ORIGIN,
  PASSWORD,
  SAME_ORIGIN,
  sessionFor,
  stateFor,
  subjectsTo,
  submit,
  userAt,
  withFailures,
} from '../support.ts'

freshDatabase()

const say = words.en
let [admin, user] = [] as unknown as [Member, Member]
beforeAll(async () => {
  admin = await administrator()
  user = await member()
  await submit('/logout', {}, (await member()).token) // SQLite notes the first use of a table of revocations
})

const PAGES = ['', '/audit', '/numbers', '/users/ID', '/users/ID/disable', '/users/ID/factors', '/users/new']
const ACTIONS = ['disable', 'enable', 'sessions', 'unlock', 'roles', 'reset', 'delete'] as const
const confirms = (id: number) => [303, `/account/confirm?return_to=/console/users/${id}`]
const pathOf = (path: string, id = user.id) => `/console${path.replace('ID', String(id))}`

const act = (id: number, action: string, more: Record<string, string> = {}, by = admin.token) =>
  submit(pathOf('/users/ID', id), { do: action, ...more }, by)
const seen = async (path: string, by = admin.token) => {
  const answer = await open(path, by)
  expect([path, answer.status]).toEqual([path, 200])
  return answer.text()
}
const lastAudit = (user_id: number) =>
  env.DB.prepare('SELECT event, actor FROM audit_events WHERE user_id = ? ORDER BY id DESC LIMIT 1')
    .bind(user_id)
    .first()
const done = (id: number) => [303, `/console/users/${id}?done=changed`]

describe('a user who is not an admin', () => {
  it.each(PAGES)('sees nothing of /console%s', async (path) => {
    expect(leadsTo(await open(pathOf(path)))).toEqual([303, `/login?return_to=${pathOf(path)}`])
    const [me, other] = [await member(), await member()]
    for (const id of [me.id, other.id, 999_999]) {
      const answer = await open(pathOf(path, id), me.token)
      const html = await answer.text()
      expect([answer.status, html]).toEqual([403, expect.stringContaining(say.problems.insufficient_role)])
      for (const secret of [me.email, other.email, '/console"', say.audit]) expect(html).not.toContain(secret)
    }
  })

  it.each([...ACTIONS, 'factor', 'nothing'])('changes nothing by the form to %s', async (action) => {
    const me = await member()
    await env.DB.prepare(`UPDATE users SET roles = '["administrator","Admin"]' WHERE id = ?`).bind(me.id).run()
    const before = await dump()
    for (const id of [me.id, user.id]) {
      const path = pathOf('/users/ID', id)
      const form = { do: action, roles: 'admin', password: PASSWORD }
      expect((await submit(path, form, me.token)).status).toBe(403)
      expect(leadsTo(await submit(path, form))).toEqual([303, `/login?return_to=${path}`])
    }
    expect(await dump()).toEqual(before)
  })

  it('may have lost the role since the token was signed', async () => {
    const former = await administrator()
    await seen('/console', former.token)
    await env.DB.prepare(`UPDATE users SET roles = '[]' WHERE id = ?`).bind(former.id).run()
    expect((await open('/console', former.token)).status).toBe(403)
    expect((await act(user.id, 'disable', {}, former.token)).status).toBe(403)
    expect((await userAt(user.email))!.disabled_at).toBeNull()
  })

  it('finds no link to it on the account page; an admin does', async () => {
    expect(await (await open('/account', user.token)).text()).not.toContain('/console')
    expect(await (await open('/account', admin.token)).text()).toContain(`<a href="/console">${say.administration}</a>`)
  })

  it('is sent to the login without what else stands in a path', async () => {
    expect(leadsTo(await open('/console/users/1&done=deleted'))).toEqual([303, '/login'])
  })
})

describe('/console', () => {
  const rows = (html: string) => [...html.matchAll(/href="\/console\/users\/\d+">([^<]+)</g)].map(([, email]) => email)
  const nextOf = (html: string) =>
    /href="([^"]*cursor=[^"]*)"/.exec(html.split('</main>')[0]!)?.[1]?.replaceAll('&amp;', '&')

  it('finds users by the beginning of their address, page after page, each once', async () => {
    const emails = Array.from({ length: 45 }, (_, i) => `page${String(i).padStart(2, '0')}@example.com`)
    for (const email of emails) await insertUser({ email, hashed_password: null })
    const pages: (string | undefined)[][] = []
    for (let path: string | undefined = '/console?email=Page'; path !== undefined;) {
      const html = await seen(path)
      expect(html).toContain('value="Page"')
      pages.push(rows(html))
      path = nextOf(html)
    }
    expect(pages.map(({ length }) => length)).toEqual([20, 20, 5])
    expect(pages.flat()).toEqual(emails)
  })

  it('shows all by id, says what somebody is, and when nobody is there', async () => {
    const disabled = await insertUser({ disabled_at: now(), email_verified: 0, hashed_password: null })
    const html = await seen(`/console?email=${disabled.email}`)
    expect(html).toContain(say.disabled)
    expect(html).toContain(say.unverified)
    expect(html).not.toContain('$2b$')
    expect(rows(await seen('/console'))[0]).toBe(admin.email)
    const nobody = await seen('/console?email=no-such-beginning')
    expect(nobody).toContain(say.nothing)
    expect(rows(nobody)).toEqual([])
    expect(rows(await seen('/console?email='))).toHaveLength(20)
  })

  it.each([
    'cursor=x',
    'cursor=WzEsMV0',
    'email=page&cursor=NQ',
    `email=${'x'.repeat(321)}`,
    'email=%00',
    'email=a&email=b',
  ])('tells %s in words', async (query) => {
    const answer = await open(`/console?${query}`, admin.token)
    expect([answer.status, await answer.text()]).toEqual([422, expect.stringContaining(say.problems.invalid_query)])
  })
})

describe('hostile text', () => {
  const HOSTILE = `"'><script>alert(1)</script><img src=x onerror=alert(1)>`

  it.each([
    '/console?email=',
    '/console/audit?user=',
    '/console/audit?actor=',
    '/console/audit?from=',
    '/console/audit?event=',
    '/console?done=',
    '/console?cursor=',
  ])('in %s is shown as text, or not at all', async (path) => {
    const html = await (await open(path + encodeURIComponent(HOSTILE), admin.token)).text()
    expect(html).not.toMatch(/<script>|<img|onerror=alert\(1\)>"/)
    if (path === '/console?email=') expect(html).toContain('value="&quot;&#39;&gt;&lt;script&gt;alert(1)')
  })

  it('in an address, a User-Agent, a country, a reason or the name of the service is shown as text', async () => {
    const target = await insertUser({ email: `${HOSTILE}@example.com`, hashed_password: null })
    const headers = { 'User-Agent': `${HOSTILE} Firefox/1.0`, Cookie: cookieOf(admin.token), ...SAME_ORIGIN }
    const body = new URLSearchParams({ do: 'unlock' })
    expect((await call('POST', `/console/users/${target.id}`, { body, headers })).status).toBe(303)
    await env.DB.prepare(
      `INSERT INTO audit_events (at, event, reason, user_id, actor, ip, country, user_agent)
       VALUES (?, 'login_failed', ?1, ?, ?1, ?1, ?1, ?1)`.replaceAll('?1', `'${HOSTILE.replaceAll("'", "''")}'`),
    )
      .bind(now(), target.id)
      .run()
    const own = { ...ENV, APP_NAME: '<script>alert(2)</script>' } as Env
    for (const path of [
      `/users/${target.id}`,
      `/users/${target.id}/delete`,
      '?email=%22',
      `/audit?user=${target.id}`,
    ]) {
      const answer = await callWith(own, `${ORIGIN}/console${path}`, { headers: { Cookie: cookieOf(admin.token) } })
      const html = await answer.text()
      expect([path, answer.status]).toEqual([path, 200])
      expect(html).not.toMatch(/<script>|<img/)
      if (!path.startsWith('/audit')) expect(html).toContain('&lt;script&gt;alert(1)')
      if (path === `/users/${target.id}`) expect(html).toContain('Firefox')
      expect(html).not.toContain('Firefox/1.0')
    }
  })

  it.each(['<b>', 'editor,Admin', 'x'.repeat(33), 'a b c d e f g h i j k l m n o p q'])(
    'as roles (%s) is refused, and comes back to be mended',
    async (roles) => {
      const answer = await act(user.id, 'roles', { roles })
      const html = await answer.text()
      expect([answer.status, html]).toEqual([422, expect.stringContaining(say.problems.invalid_body)])
      expect(html).toMatch(
        new RegExp(`<p id="roles-wrong" class="wrong">(${say.fields.not_a_role}|${say.fields.too_many_roles})<`),
      )
      expect(html).toContain(`value="${roles.replace('<', '&lt;').replace('>', '&gt;')}"`)
      expect((await userAt(user.email))!.roles).toBe('[]')
    },
  )
})

describe('/console/users/:id', () => {
  it('shows one user, the sessions that stand and the last events, and no secret', async () => {
    const target = await member()
    const [other, second] = [await member(), await sessionFor(target.id)]
    const html = await seen(pathOf('/users/ID', target.id))
    expect(html).toContain(`<h1>${target.email}</h1>`)
    expect(html).toContain(`${say.liveSessions}: 2`)
    expect(html.match(/<strong>Signed in<\/strong> <code class="soft">login_succeeded<\/code>/g)).toHaveLength(2)
    for (const secret of ['$2b$', target.sid, second.sid, second.token, other.email]) expect(html).not.toContain(secret)
    for (const action of ['disable', 'sessions', 'reset', 'delete']) {
      expect(html).toMatch(
        new RegExp(`href="/console/users/${target.id}/${action}" aria-label="[^"]+: ${target.email}"`),
      )
    }
    expect(html).toMatch(new RegExp(`value="unlock" aria-label="${say.unlock}: ${target.email}"`))
    expect(html).not.toContain('value="enable"')
  })

  it.each(['999999', '0', '-1', '1e3', '1.0', 'x', '%00', '1234567890123456'])('%s is nobody: 404', async (id) => {
    const before = await dump()
    const answers = [
      await open(`/console/users/${id}`, admin.token),
      await open(`/console/users/${id}/delete`, admin.token),
      ...(await Promise.all(
        ACTIONS.map((action) => submit(`/console/users/${id}`, { do: action, roles: '' }, admin.token)),
      )),
    ]
    for (const answer of answers) {
      expect([answer.status, await answer.text()]).toEqual([404, expect.stringContaining(say.problems.not_found)])
    }
    expect(await dump()).toEqual(before)
  })

  it.each(['', 'nothing', 'constructor', '__proto__', 'Disable'])('knows no action %j', async (action) => {
    const before = await dump()
    expect((await act(user.id, action)).status).toBe(422)
    expect(await dump()).toEqual(before)
  })
})

describe('an action', () => {
  const audited = async (id: number, event: string) =>
    expect(await lastAudit(id)).toEqual({ event, actor: `user:${admin.id}` })

  it('disables, and enables again', async () => {
    const target = await member()
    expect(leadsTo(await act(target.id, 'disable'))).toEqual(done(target.id))
    await audited(target.id, 'user_disabled')
    expect((await call('GET', '/user/me', bearer(target.token))).status).toBe(401)
    expect((await login(target.email)).status).toBe(403)
    expect(await seen(pathOf('/users/ID', target.id))).toContain('value="enable"')
    expect(leadsTo(await act(target.id, 'enable'))).toEqual(done(target.id))
    await audited(target.id, 'user_enabled')
    expect((await login(target.email)).status).toBe(200)
  })

  it('signs out everywhere', async () => {
    const target = await member()
    expect(leadsTo(await act(target.id, 'sessions'))).toEqual(done(target.id))
    await audited(target.id, 'sessions_revoked')
    expect((await call('POST', '/action', bearer(target.token))).status).toBe(401)
    expect(await seen(pathOf('/users/ID', target.id))).toContain(`${say.liveSessions}: 0`)
  })

  it('unlocks', async () => {
    const target = await member()
    await stateFor(target.email, withFailures(100, now() + 900))
    expect((await login(target.email)).status).toBe(429)
    expect(leadsTo(await act(target.id, 'unlock'))).toEqual(done(target.id))
    await audited(target.id, 'account_unlocked')
    expect((await login(target.email)).status).toBe(200)
  })

  it('gives exactly these roles', async () => {
    const target = await member()
    expect(leadsTo(await act(target.id, 'roles', { roles: ' writer, editor\tedit-2 ' }))).toEqual(done(target.id))
    await audited(target.id, 'roles_changed')
    expect((await userAt(target.email))!.roles).toBe('["edit-2","editor","writer"]')
    const html = await seen(pathOf('/users/ID', target.id))
    const boxes = [...html.matchAll(/name="role\.([\w-]+)"( checked)?/g)].map(([, name, ticked]) => [
      name,
      ticked !== undefined,
    ])
    expect(boxes.slice(0, 2)).toEqual([
      ['admin', false],
      ['support', false],
    ])
    expect(boxes).toEqual(expect.arrayContaining(['edit-2', 'editor', 'writer'].map((name) => [name, true])))
    expect(boxes.map(([name]) => name)).not.toContain('Admin') // a row from outside has it, and no form may give it
    await act(target.id, 'roles', { 'role.editor': 'on', 'role.support': 'on', roles: 'editor', sure: 'yes' })
    expect((await userAt(target.email))!.roles).toBe('["editor","support"]')
    await act(target.id, 'roles', { roles: '', sure: 'yes' })
    expect((await userAt(target.email))!.roles).toBe('[]')
  })

  it('makes a password void, and mails a link', async () => {
    const target = await member()
    expect(leadsTo(await act(target.id, 'reset'))).toEqual(done(target.id))
    await audited(target.id, 'reset_forced')
    expect(await linksOf(target.id)).toEqual(['reset'])
    expect(subjectsTo(target.email)).toEqual(['Set a new password'])
    expect(await seen(pathOf('/users/ID', target.id))).toContain(`<dt>${say.passwordSet}</dt><dd>${say.none}</dd>`)
  })

  it('names everything that it tells of a user', async () => {
    const target = await member()
    const html = await seen(pathOf('/users/ID', target.id))
    expect(html).toContain(`<dt>${say.userNumber}</dt><dd>${target.id}</dd>`)
    expect(html).not.toContain('<dt></dt>')
  })

  it('deletes, after a page that says what that means', async () => {
    const target = await member()
    const html = await seen(pathOf('/users/ID/delete', target.id))
    for (const text of [target.email, say.deleteShort, 'name="do" value="delete"']) expect(html).toContain(text)
    expect(await userAt(target.email)).not.toBeNull()
    expect(leadsTo(await act(target.id, 'delete'))).toEqual([303, '/console?done=changed'])
    expect(await userAt(target.email)).toBeNull()
    await audited(target.id, 'account_deleted')
    expect((await open(pathOf('/users/ID', target.id), admin.token)).status).toBe(404)
    expect(await seen(`/console/audit?user=${target.id}`)).toContain('account_deleted')
  })

  it.each(['disable', 'sessions', 'reset', 'delete'])(
    '(%s) asks first, by a button that names the person',
    async (act) => {
      const target = await member()
      const before = await dump()
      const html = await seen(pathOf(`/users/ID/${act}`, target.id))
      expect(html).toMatch(new RegExp(`<button type="submit" class="danger">[^<]+: ${target.email}</button>`))
      const back = `<a href="/console/users/${target.id}">${say.cancel}</a>`
      for (const text of [`action="/console/users/${target.id}"`, `name="do" value="${act}"`, back])
        expect(html).toContain(text)
      expect(await dump()).toEqual(before)
    },
  )

  it.each(['enable', 'nothing', 'constructor'])('(%s) that needs no question has no page for one', async (act) => {
    expect((await open(pathOf(`/users/ID/${act}`), admin.token)).status).toBe(404)
  })

  it('asks first where it gives or takes the role of an administrator, and only there', async () => {
    const target = await member()
    const asks = (roles: string) => [303, `/console/users/${target.id}/roles?roles=${roles}`]
    const rolesNow = async () => (await userAt(target.email))!.roles
    expect(leadsTo(await act(target.id, 'roles', { roles: 'admin writer' }))).toEqual(asks('admin+writer'))
    expect(await rolesNow()).toBe('[]')
    const html = await seen(`/console/users/${target.id}/roles?roles=admin+writer`)
    for (const text of [target.email, `${say.setRoles}: admin writer.`, 'name="sure"']) expect(html).toContain(text)
    expect(html).toContain('roles?roles=admin+writer&amp;lang=ko')
    const forged = await open(`/console/users/${target.id}/roles?roles=Call+555+now`, admin.token)
    expect([forged.status, await forged.text()]).toEqual([422, expect.not.stringContaining('555')])
    expect(leadsTo(await act(target.id, 'roles', { roles: 'admin writer', sure: 'yes' }))).toEqual(done(target.id))
    expect(leadsTo(await act(target.id, 'roles', { roles: 'admin editor' }))).toEqual(done(target.id))
    expect(leadsTo(await act(target.id, 'roles', { roles: '' }))).toEqual(asks(''))
    expect(await rolesNow()).toBe('["admin","editor"]')
    await act(target.id, 'roles', { roles: '', sure: 'yes' })
    expect(await rolesNow()).toBe('[]')
  })

  it.each(['disable', 'roles', 'delete'])('(%s) that would leave no admin is refused in words', async (action) => {
    const before = await dump()
    const answer = await act(admin.id, action, { roles: 'editor', sure: 'yes' })
    expect([answer.status, await answer.text()]).toEqual([409, expect.stringContaining(say.problems.last_admin)])
    expect(await dump()).toEqual(before)
  })

  it.each(ACTIONS)('(%s) asks for the password when the login is not fresh, where /admin does', async (action) => {
    clock.set(0)
    const [own, target] = [await administrator(), await member()]
    clock.set(601)
    const before = await dump()
    const answer = await act(target.id, action, { roles: 'editor' }, own.token)
    if (['disable', 'sessions'].includes(action)) {
      expect(leadsTo(answer)).toEqual(done(target.id))
    } else {
      expect(leadsTo(answer)).toEqual(confirms(target.id))
      expect(await dump()).toEqual(before)
    }
    await env.DB.prepare(`UPDATE users SET roles = '[]' WHERE id = ?`).bind(own.id).run()
  })

  it('goes on once the password is confirmed, for ten minutes', async () => {
    clock.set(0)
    const [own, target] = [await administrator(), await member()]
    clock.set(601)
    const path = `/console/users/${target.id}`
    expect(leadsTo(await open(`${path}/delete`, own.token))).toEqual(confirms(target.id))
    const asked = await (await open(`/account/confirm?return_to=${path}`, own.token)).text()
    expect(asked).toContain(`<input type="hidden" name="return_to" value="${path}"/>`)
    const wrong = await submit('/account/confirm', { password: 'canary', return_to: path }, own.token)
    const html = await wrong.text()
    expect([wrong.status, html]).toEqual([401, expect.stringContaining(say.wrongPassword)])
    expect(html).not.toContain('canary')
    expect(leadsTo(await open(`${path}/delete`, own.token))).toEqual(confirms(target.id))
    const right = await submit('/account/confirm', { password: PASSWORD, return_to: path }, own.token)
    expect(leadsTo(right)).toEqual([303, `${path}?done=confirmed`])
    const token = /^__Host-latchkey=([\w.-]+); /.exec(right.headers.get('Set-Cookie') ?? '')![1]!
    expect(claimsOf(token)).toMatchObject({ user_id: own.id })
    expect(claimsOf(token).sid).not.toBe(own.sid)
    expect(leadsTo(await open(`${path}/delete`, own.token))[0]).toBe(303)
    expect((await open(`${path}/delete`, token)).status).toBe(200)
    clock.set(601 + 601)
    expect((await open(`${path}/delete`, token)).status).toBe(303)
    await env.DB.prepare(`UPDATE users SET roles = '[]' WHERE id = ?`).bind(own.id).run()
  })
})

describe('/console/audit', () => {
  const ids = (html: string) => [...html.matchAll(/<code class="soft">([^<]+)<\/code>/g)].map(([, event]) => event)

  it('shows the newest first, by user and by event, page after page', async () => {
    const target = await insertUser({ hashed_password: null })
    for (let i = 0; i < 21; i++) {
      await env.DB.prepare(
        `INSERT INTO audit_events (at, event, reason, user_id, actor) VALUES (?, ?, ?, ?, 'cli:ann')`,
      )
        .bind(now() + i, i === 3 ? 'roles_changed' : 'login_failed', `r${i}`, target.id)
        .run()
    }
    const first = await seen(`/console/audit?user=${target.email}`)
    expect(ids(first)).toHaveLength(20)
    expect(ids(first)[0]).toBe('login_failed: r20')
    expect(first).toContain(`${say.by} cli:ann`)
    const next = /href="(\/console\/audit\?[^"]*cursor=[^"]*)"/.exec(first)![1]!.replaceAll('&amp;', '&')
    expect(ids(await seen(next))).toEqual(['login_failed: r0'])
    expect(ids(await seen(`/console/audit?user=${target.id}&event=roles_changed`))).toEqual(['roles_changed: r3'])
    expect(ids(await seen('/console/audit?event=no_such_event'))).toEqual([])
    expect(ids(await seen('/console/audit?user=&event='))).toHaveLength(20)
  })

  it.each(['actor=cli:', 'from=2026-1-1', 'to=2026-13-01', 'event=Login', 'cursor=x', 'cursor=NQ', 'user=1&user=2'])(
    'tells %s in words',
    async (query) => {
      const answer = await open(`/console/audit?${query}`, admin.token)
      expect([answer.status, await answer.text()]).toEqual([422, expect.stringContaining(say.problems.invalid_query)])
    },
  )

  it('says in words what happened, to whom and by whom, and links to those who are there', async () => {
    const target = await insertUser({ hashed_password: null })
    const event = (
      at: string,
      event: string,
      reason: string | null,
      user_id: number,
      actor: string | null,
      client: string | null,
    ) =>
      env.DB.prepare(
        'INSERT INTO audit_events (at, event, reason, user_id, actor, client_id) VALUES (unixepoch(?), ?, ?, ?, ?, ?)',
      ).bind(at, event, reason, user_id, actor, client)
    await env.DB.batch([
      env.DB.prepare("INSERT INTO clients (id, name, scope, created_at) VALUES ('wiki', 'The <Wiki>', 'openid', 1)"),
      event('2020-02-01 00:00:00', 'login_failed', 'wrong_password', target.id, null, null),
      event('2020-02-01 23:59:59', 'roles_changed', null, target.id, `user:${admin.id}`, null),
      event('2020-02-02 00:00:00', 'client_signed_in', null, target.id, null, 'wiki'),
      event('2020-02-03 00:00:00', 'account_deleted', null, 888_888, 'user:777777', null),
      event('2020-02-03 00:00:01', 'of_a_former_feature', 'why', target.id, null, 'gone'),
    ])
    const html = await seen('/console/audit?from=2020-02-01&to=2020-02-03')
    const rows = html
      .split('<li>')
      .slice(1)
      .map((row) => row.replaceAll(/<time.*?<\/time>/g, '').split('</li>')[0])
    const person = `<a href="/console/users/${target.id}">${target.email}</a>`
    const actor = `<a href="/console/users/${admin.id}">${admin.email}</a>`
    for (const [row, ...texts] of [
      [0, '<strong></strong> <code class="soft">of_a_former_feature: why</code>', person, ' · gone'],
      [1, '<strong>Account deleted</strong>', ' · User number 888888', ' · by user:777777'],
      [2, '<strong>Signed in to an application</strong>', '<a href="/console/clients/wiki">The &lt;Wiki&gt;</a>'],
      [3, '<strong>Roles changed</strong>', person, `by ${actor}`],
      [4, '<strong>Sign-in failed: wrong password</strong>', '<code class="soft">login_failed: wrong_password</code>'],
    ] as [number, ...string[]][])
      for (const text of texts) expect(rows[row]).toContain(text)
    expect(rows).toHaveLength(5)
    expect(await seen('/console/audit?from=2020-02-01&to=2020-02-03&lang=ko')).toContain('로그인 실패: 잘못된 비밀번호')
  })

  it('leads to an application, whose page has no heading for what it does not have', async () => {
    const html = await seen('/console/clients/wiki')
    expect(html).toContain(`<h2>${say.labels['scope']}</h2>`)
    expect(html).not.toContain(`<h2>${say.labels['redirect_uris']}</h2>`)
  })

  it('is filtered by days, addresses, numbers and who acted, and offers the file of the same', async () => {
    const count = async (query: string) =>
      ids(await seen(`/console/audit?from=2020-02-01&to=2020-02-03&${query}`)).length
    expect(await count('')).toBe(5)
    expect(ids(await seen('/console/audit?from=2020-02-01&to=2020-02-01'))).toHaveLength(2)
    expect([
      await count(`actor=${admin.email}`),
      await count(`actor=${admin.id}`),
      await count('actor=user:777777'),
    ]).toEqual([1, 1, 1])
    expect([await count('user=888888'), await count('user=nobody@example.com'), await count('actor=nobody')]).toEqual([
      1, 0, 0,
    ])
    const html = await seen(
      `/console/audit?user=${admin.email}&actor=${admin.email}&event=roles_changed&from=2020-02-01&to=2020-02-03`,
    )
    const seconds = (day: string) => Date.parse(day) / 1000
    const query = `user_id=${admin.id}&amp;event=roles_changed&amp;actor=user%3A${admin.id}&amp;from=${seconds('2020-02-01')}&amp;to=${seconds('2020-02-04')}`
    expect(html).toContain(`href="/admin/audit.csv?${query}"`)
    expect(html).toContain('<option value="roles_changed" selected="">Roles changed</option>')
    expect(html.match(/<option /g)!.length).toBe(Object.keys(registry.events).length + 1)
    expect(await seen('/console/audit?event=of_a_former_feature')).toContain('selected="">of_a_former_feature<')
  })

  it('keeps what was asked for when the language is changed', async () => {
    const html = await seen('/console/audit?event=login_failed')
    expect(html).toContain('href="/console/audit?event=login_failed&amp;lang=ko"')
  })
})

describe('/console/numbers', () => {
  it('draws and lists what the statistics say', async () => {
    const day = (ago: number) => now() - ago * 86_400
    for (const [event, ago, times] of [
      ['login_succeeded', 1, 40],
      ['login_failed', 1, 30],
      ['login_failed', 29, 10],
    ] as const) {
      const row = env.DB.prepare('INSERT INTO audit_events (at, event) VALUES (?, ?)').bind(day(ago), event)
      await env.DB.batch(Array<D1PreparedStatement>(times).fill(row))
    }
    const numbers = await statistics(callBy(), 30)
    const html = await seen('/console/numbers')
    expect([...html.matchAll(/<dd>([\d,]+)<\/dd>/g)].map(([, n]) => Number(n))).toEqual([
      numbers.users,
      numbers.verified,
      numbers.live_sessions,
    ])
    const most = Math.max(...numbers.days.flatMap(({ logins, failures }) => [logins, failures]))
    expect(html).toContain(`${say.highest} ${most}`)
    expect(html).toMatch(/<svg role="img" viewBox="0 0 300 100" preserveAspectRatio="none"><title>/)
    const bars = (kind: string) =>
      [
        ...html.matchAll(
          new RegExp(`<rect class="${kind}" x="(\\d+)" y="([\\d.]+)" width="4" height="([\\d.]+)"`, 'g'),
        ),
      ].map(([, x, y, height]) => [Number(x), Number(y) + Number(height), Math.round((Number(height) / 100) * most)])
    expect(bars('logins')).toEqual(numbers.days.map(({ logins }, i) => [i * 10 + 1, 100, logins]))
    expect(bars('failures')).toEqual(numbers.days.map(({ failures }, i) => [i * 10 + 5, 100, failures]))
    expect(numbers.days[28]).toMatchObject({ logins: 40, failures: 30 })
    const table = [...html.matchAll(/<th scope="row">([\d-]+)<\/th><td>(\d+)<\/td><td>(\d+)<\/td>/g)]
    expect(table.map(([, date, logins, failures]) => [date, Number(logins), Number(failures)])).toEqual(
      numbers.days.toReversed().map(({ date, logins, failures }) => [date, logins, failures]),
    )
  })
})
