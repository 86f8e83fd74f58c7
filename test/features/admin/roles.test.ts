import { env } from 'cloudflare:workers'
import { METHOD_NAME_ALL } from 'hono/router'
import { beforeAll, describe, expect, it } from 'vitest'
import { routesOf } from '../../../scripts/docs/routes.ts'
import { app } from '../../../src/app.ts'
import { hasRole } from '../../../src/core/users/roles.ts'
import { ours } from '../../descriptions.ts'
import {
  administrator,
  bearer,
  call,
  callIn,
  clock,
  cookieOf,
  ENV,
  eventsOf,
  expectProblem,
  freshDatabase,
  insertUser,
  leadsTo,
  linksOf,
  member,
  type Member,
  open,
  SAME_ORIGIN,
  subjectsTo,
  submit,
  supporter,
} from '../../support.ts'
import { words } from '../../words.ts'

freshDatabase()

const say = words.en
let [user, support, admin] = [] as unknown as [Member, Member, Member]
beforeAll(async () => {
  ;[user, support, admin] = [await member(), await supporter(), await administrator()]
})

/** What support may use. Whoever adds a line gives it to everybody with the role. */
const SUPPORTED = [
  'DELETE /admin/users/:id/sessions',
  'GET /admin/audit',
  'GET /admin/stats',
  'GET /admin/users',
  'GET /admin/users/:id',
  'GET /admin/users/:id/factors',
  'GET /console',
  'GET /console/audit',
  'GET /console/numbers',
  'GET /console/users/:id',
  'GET /console/users/:id/:act',
  'POST /admin/users/:id/invite',
  'POST /admin/users/:id/verification',
  'POST /console/users/:id',
]

const routes = [...new Set(app.routes.map(({ method, path }) => `${method} ${path}`))]
  .filter((route) => / \/(admin|console)(\/|$)/.test(route) && !route.startsWith(METHOD_NAME_ALL))
  .sort()

/** What is documented: the guards of JSON routes, and what pages say that they need. */
const guards = routesOf(app.routes)
const pages = Object.assign({}, ...ours.map((one) => one.pages)) as Record<string, { needs?: string }>
const documented = (route: string) => guards.get(route)!.role ?? pages[route]?.needs?.split(' ').at(-1)

/** Nothing is changed: there is no such user or application, and no form is filled in. */
function ask(route: string, by?: Member) {
  const [method, path] = route.replaceAll(/:\w+/g, '999999').split(' ') as [string, string]
  if (path.startsWith('/console'))
    return method === 'GET' ? open(path, by?.token) : submit(path, { do: 'sessions' }, by?.token)
  return call(method, path, { ...(by && bearer(by.token)), ...(/POST|PUT/.test(method) && { json: {} }) })
}

describe('/admin and /console', () => {
  it.each(routes)('%s is for whom the table of roles says', async (route) => {
    const isSupported = SUPPORTED.includes(route)
    expect(documented(route)).toBe(isSupported ? 'support' : 'admin')
    const isPage = route.includes(' /console')
    expect((await ask(route)).status).toBe(isPage ? 303 : 401)
    for (const [by, may] of [
      [user, false],
      [support, isSupported],
      [admin, true],
    ] as const) {
      const answer = await ask(route, by)
      expect([by.email, answer.status === 403]).toEqual([by.email, !may])
      expect(answer.status).not.toBe(401)
      if (may) continue
      expect(answer.headers.get('WWW-Authenticate')).toBe('Bearer realm="latchkey", error="insufficient_scope"')
      if (isPage) expect(await answer.text()).toContain(say.problems.insufficient_role)
      else await expectProblem(answer, 403, 'insufficient_role')
    }
  })

  it('know one role that includes another', () => {
    expect(hasRole(['admin'], 'support')).toBe(true)
    expect(hasRole(['support'], 'admin')).toBe(false)
    expect(hasRole(['admin'], 'editor')).toBe(false)
    expect(hasRole(['supporter', 'administrator'], 'support')).toBe(false)
  })
})

describe('support', () => {
  it('ends the sessions of a user, without a fresh login, like an admin', async () => {
    clock.set(0)
    const [own, target, other] = [await supporter(), await member(), await member()]
    clock.set(601)
    expect((await call('DELETE', `/admin/users/${target.id}/sessions`, bearer(own.token))).status).toBe(204)
    expect(leadsTo(await submit(`/console/users/${other.id}`, { do: 'sessions' }, own.token))[0]).toBe(303)
    for (const { id, token } of [target, other]) {
      expect((await call('GET', '/user/me', bearer(token))).status).toBe(401)
      expect(await eventsOf(id)).toEqual(['login_succeeded', 'sessions_revoked'])
    }
  })

  it('mails a confirmation again, with a new link, only to who waits for it', async () => {
    const [waiting, confirmed] = [await member({ email_verified: 0 }), await member()]
    const again = (id: number) => call('POST', `/admin/users/${id}/verification`, bearer(support.token))
    for (const { id } of [waiting, confirmed]) expect((await again(id)).status).toBe(204)
    await expectProblem(await again(999_999), 404, 'not_found')
    expect(leadsTo(await submit(`/console/users/${waiting.id}`, { do: 'mail' }, support.token))[0]).toBe(303)
    expect(subjectsTo(waiting.email)).toEqual(['Confirm your email address', 'Confirm your email address'])
    expect(await linksOf(waiting.id)).toEqual(['verify'])
    expect([subjectsTo(confirmed.email), await linksOf(confirmed.id)]).toEqual([[], []])
    expect(await eventsOf(confirmed.id)).toEqual(['login_succeeded'])
  })

  it('mails twenty times a day to one user, however many ask at once', async () => {
    const { id, email } = await member({ email_verified: 0 })
    const ask = () => call('POST', `/admin/users/${id}/verification`, bearer(support.token))
    const statuses = await Promise.all(Array.from({ length: 50 }, async () => (await ask()).status))
    expect(statuses.filter((status) => status === 204)).toHaveLength(20)
    expect(statuses.filter((status) => status === 429)).toHaveLength(30)
    expect(subjectsTo(email).length).toBeLessThanOrEqual(20) // a mail whose link was replaced meanwhile is not sent
    expect(await linksOf(id)).toEqual(['verify'])
  })

  it('invites twenty times a day, too, and says when it can again', async () => {
    const { id, email } = await insertUser({ hashed_password: null })
    const invite = () => call('POST', `/admin/users/${id}/invite`, bearer(support.token))
    const statuses = await Promise.all(Array.from({ length: 30 }, async () => (await invite()).status))
    expect(statuses.filter((status) => status === 204)).toHaveLength(20)
    expect(statuses.filter((status) => status === 429)).toHaveLength(10)
    expect(subjectsTo(email).length).toBeLessThanOrEqual(20)
    const answer = await invite()
    expect(answer.headers.get('Retry-After')).toBe('86400')
    await expectProblem(answer, 429, 'too_many_attempts')
    expect(await eventsOf(id)).toEqual(Array(20).fill('user_invited'))
  })

  it.each(['admin', 'support'])('acts on nobody who is %s, and reads them', async (role) => {
    const target = await (role === 'admin' ? administrator : supporter)({ email_verified: 0 })
    const before = await eventsOf(target.id)
    const own = bearer(support.token)
    await expectProblem(await call('DELETE', `/admin/users/${target.id}/sessions`, own), 403, 'insufficient_role')
    await expectProblem(await call('POST', `/admin/users/${target.id}/verification`, own), 403, 'insufficient_role')
    for (const action of ['sessions', 'mail']) {
      expect((await submit(`/console/users/${target.id}`, { do: action }, support.token)).status).toBe(403)
    }
    expect([await eventsOf(target.id), subjectsTo(target.email), await linksOf(target.id)]).toEqual([before, [], []])
    expect((await call('GET', '/user/me', bearer(target.token))).status).toBe(200)
    expect((await call('GET', `/admin/users/${target.id}`, own)).status).toBe(200)
    const html = await (await open(`/console/users/${target.id}`, support.token)).text()
    expect(html).toContain(target.email)
    expect(html).not.toContain('name="do"')
    expect((await call('DELETE', `/admin/users/${target.id}/sessions`, bearer(admin.token))).status).toBe(204)
  })

  it.each(['disable', 'enable', 'unlock', 'roles', 'reset', 'factor', 'delete'])(
    'cannot %s by the form, not even the own account',
    async (action) => {
      const target = await member()
      for (const { id } of [target, support]) {
        const form = { do: action, roles: 'admin', 'role.admin': 'on', factor: 'totp' }
        const answer = await submit(`/console/users/${id}`, form, support.token)
        expect([answer.status, await answer.text()]).toEqual([
          403,
          expect.stringContaining(say.problems.insufficient_role),
        ])
      }
      expect(await eventsOf(target.id)).toEqual(['login_succeeded'])
      const { results } = await env.DB.prepare('SELECT roles FROM users WHERE id IN (?, ?)')
        .bind(target.id, support.id)
        .all<{ roles: string }>()
      expect(results.map(({ roles }) => roles).sort()).toEqual(['["support"]', '[]'])
    },
  )

  it('sees the buttons and links that it may use, and no other', async () => {
    const target = await member({ email_verified: 0 })
    const page = async (path: string, by: Member) => (await open(path, by.token)).text()
    const buttons = (html: string) => [...html.matchAll(/name="do" value="(\w+)"/g)].map(([, action]) => action)
    const path = `/console/users/${target.id}`
    const asks = (html: string) => [...html.matchAll(/href="\/console\/users\/\d+\/(\w+)"/g)].map(([, act]) => act)
    const [byAdmin, bySupport] = [await page(path, admin), await page(path, support)]
    expect([buttons(bySupport), asks(bySupport)]).toEqual([['mail'], ['sessions']])
    expect(buttons(byAdmin)).toEqual(['mail', 'unlock', 'roles'])
    expect(asks(byAdmin)).toEqual(['disable', 'sessions', 'reset', 'delete'])
    const seen = async (by: Member) =>
      (await Promise.all([path, '/console', '/console/audit'].map((one) => page(one, by)))).join('')
    const powers = ['/delete"', '"/console/clients"', '/admin/audit.csv', '/admin/audit.jsonl']
    const [less, more] = [await seen(support), await seen(admin)]
    expect(powers.filter((link) => less.includes(link))).toEqual([])
    expect(powers.filter((link) => !more.includes(link))).toEqual([])
    expect(await page('/account', support)).toContain('<a href="/console">')
    expect(await page('/account', user)).not.toContain('/console')
  })

  it('needs two factors where the settings demand them of admins', async () => {
    const own = { ...ENV, SECOND_FACTOR: 'admins' } as Env
    const asked = (by: Member) => callIn(own, 'GET', '/admin/users', bearer(by.token))
    for (const by of [support, admin]) await expectProblem(await asked(by), 401, 'step_up_required')
    await expectProblem(await asked(user), 403, 'insufficient_role')
  })
})

describe('a role that is none', () => {
  it('is told what a role may be', async () => {
    const put = async (roles: string[]) => {
      const answer = await call('PUT', `/admin/users/${user.id}/roles`, { json: { roles }, ...bearer(admin.token) })
      return (await expectProblem(answer, 422, 'invalid_body')).errors
    }
    const { not_a_role, too_many_roles } = say.fields
    expect(await put(['editor', 'Editor'])).toEqual([{ field: 'roles.1', code: 'not_a_role', detail: not_a_role }])
    expect(await put(Array.from({ length: 17 }, (_, i) => `r${i}`))).toEqual([
      { field: 'roles', code: 'too_many_roles', detail: too_many_roles },
    ])
  })

  it('is told so at the field, in Korean, and what was ticked stays', async () => {
    const body = new URLSearchParams({ do: 'roles', 'role.support': 'on', roles: 'Éditeur' })
    const headers = { ...SAME_ORIGIN, Cookie: cookieOf(admin.token) }
    const html = await (await call('POST', `/console/users/${user.id}?lang=ko`, { body, headers })).text()
    expect(html).toContain(`<p id="roles-wrong" class="wrong">${words.ko.fields.not_a_role}</p>`)
    expect(html).toContain('aria-describedby="roles-hint roles-wrong"')
    expect(html).toContain('name="role.support" checked')
    expect(html).toContain('value="Éditeur"')
  })
})
