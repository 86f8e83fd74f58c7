import { env } from 'cloudflare:workers'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  administrator,
  anotherIsolate,
  bearer,
  call,
  callIn,
  eventsOf,
  expectProblem,
  freshDatabase,
  insertUser,
  linksOf,
  login,
  mailedToken,
  member,
  type Member,
  nobody,
  now,
  PASSWORD,
  sessionFor,
  stateFor,
  storedFor,
  subjectsTo,
  userAt,
  waitingFor,
  watchedIsolate,
  withFailures,
} from '../../support.ts'

freshDatabase()

let admin: Member
beforeAll(async () => {
  admin = await administrator()
})

type Change = [method: string, path: string, json?: unknown]

const by = (who: Member, [method, path, json]: Change) =>
  call(method, path, { ...(json !== undefined && { json }), ...bearer(who.token) })
const disable = (id: number): Change => ['POST', `/admin/users/${id}/disable`]
const enable = (id: number): Change => ['POST', `/admin/users/${id}/enable`]
const unlock = (id: number): Change => ['POST', `/admin/users/${id}/unlock`]
const reset = (id: number): Change => ['POST', `/admin/users/${id}/reset`]
const endSessions = (id: number): Change => ['DELETE', `/admin/users/${id}/sessions`]
const remove = (id: number): Change => ['DELETE', `/admin/users/${id}`]
const give = (id: number, ...roles: string[]): Change => ['PUT', `/admin/users/${id}/roles`, { roles }]

const done = async (answer: Response | Promise<Response>) => {
  const { status } = await answer
  expect(status).toBe(204)
}
const isIn = async (token: string) => (await call('GET', '/user/me', bearer(token))).status === 200
const lastAudit = (user_id: number) =>
  env.DB.prepare('SELECT event, actor, ip FROM audit_events WHERE user_id = ? ORDER BY id DESC LIMIT 1')
    .bind(user_id)
    .first()
const adminsLeft = () =>
  env.DB.prepare(
    `SELECT count(*) AS n FROM users
     WHERE disabled_at IS NULL AND email_verified = 1 AND EXISTS (SELECT 1 FROM json_each(roles) WHERE value = 'admin')`,
  ).first<number>('n')

describe('what an admin does to somebody', () => {
  let user: Member
  beforeEach(async () => {
    user = await member()
  })

  it('disabling ends the sessions, here at once, and keeps the person out; enabling lets them in again', async () => {
    expect((await call('POST', '/action', bearer(user.token))).status).toBe(200)
    await done(by(admin, disable(user.id)))
    await expectProblem(await call('POST', '/action', bearer(user.token)), 401, 'invalid_token')
    expect(await isIn(user.token)).toBe(false)
    await expectProblem(await login(user.email), 403, 'account_disabled')
    await done(by(admin, disable(user.id)))
    await done(by(admin, enable(user.id)))
    await done(by(admin, enable(user.id)))
    expect(await isIn(user.token)).toBe(false)
    expect((await login(user.email)).status).toBe(200)
    const events = (await eventsOf(user.id)).filter((event) => event.startsWith('user_'))
    expect(events).toEqual(['user_disabled', 'user_enabled'])
  })

  it('keeps the time of the first disabling', async () => {
    await env.DB.prepare('UPDATE users SET disabled_at = 5 WHERE id = ?').bind(user.id).run()
    await done(by(admin, disable(user.id)))
    expect(await userAt(user.email)).toMatchObject({ disabled_at: 5 })
  })

  it('ending the sessions ends every one, and lets the person sign in again', async () => {
    const other = await sessionFor(user.id)
    const stranger = await member()
    await done(by(admin, endSessions(user.id)))
    await done(by(admin, endSessions(user.id)))
    expect([await isIn(user.token), await isIn(other.token), await isIn(stranger.token)]).toEqual([false, false, true])
    expect((await eventsOf(user.id)).filter((event) => event === 'sessions_revoked')).toHaveLength(1)
    expect((await login(user.email)).status).toBe(200)
  })

  it('giving roles makes them exactly these, for the next request', async () => {
    await done(by(admin, give(user.id, 'writer', 'editor', 'editor')))
    expect(await (await call('GET', '/user/me', bearer(user.token))).json()).toMatchObject({
      roles: ['editor', 'writer'],
    })
    await done(by(admin, give(user.id, 'editor', 'writer')))
    await done(by(admin, give(user.id)))
    expect(await userAt(user.email)).toMatchObject({ roles: '[]' })
    expect((await eventsOf(user.id)).filter((event) => event === 'roles_changed')).toHaveLength(2)
  })

  it.each([
    [{ roles: ['Admin'] }, 'roles.0', 'not_a_role'],
    [{ roles: ['a'.repeat(33)] }, 'roles.0', 'not_a_role'],
    [{ roles: Array.from({ length: 17 }, (_, i) => `r${i}`) }, 'roles', 'too_many_roles'],
    [{}, 'roles', 'required'],
    [{ roles: [1] }, 'roles.0', 'wrong_type'],
  ])('refuses the roles %o', async (json, field, code) => {
    const answer = await by(admin, ['PUT', `/admin/users/${user.id}/roles`, json])
    expect((await expectProblem(answer, 422, 'invalid_body')).errors).toMatchObject([{ field, code }])
    expect(await userAt(user.email)).toMatchObject({ roles: '[]' })
  })

  it('deleting leaves nothing but the trail', async () => {
    await login(user.email)
    expect(await storedFor(user.email)).not.toEqual([])
    await done(by(admin, remove(user.id)))
    expect(await userAt(user.email)).toBeNull()
    expect(await isIn(user.token)).toBe(false)
    expect(await storedFor(user.email)).toEqual([])
    expect((await eventsOf(user.id)).at(-1)).toBe('account_deleted')
    expect(subjectsTo(user.email)).toEqual([]) // the farewell says "as you asked"
    await expectProblem(await by(admin, remove(user.id)), 404, 'not_found')
  })

  it('a forced reset makes password, sessions and links void, and mails the one way back', async () => {
    await call('POST', '/user/password/forgot', { json: { email: user.email } })
    const old = mailedToken(user.email)
    await done(by(admin, reset(user.id)))
    expect(await userAt(user.email)).toMatchObject({ hashed_password: null })
    expect(await isIn(user.token)).toBe(false)
    await expectProblem(await login(user.email), 401, 'invalid_credentials')
    expect(subjectsTo(user.email)).toEqual(['Set a new password', 'Set a new password'])
    const set = (token: string) =>
      call('POST', '/user/password/reset', { json: { token, password: `${PASSWORD} again` } })
    await expectProblem(await set(old), 400, 'invalid_one_time_token')
    await done(set(mailedToken(user.email)))
    expect((await login(user.email, `${PASSWORD} again`)).status).toBe(200)
  })

  it('a forced reset without PUBLIC_URL changes nothing', async () => {
    const { env: own } = watchedIsolate({ PUBLIC_URL: '' })
    const answer = await callIn(own, ...(reset(user.id).slice(0, 2) as [string, string]), bearer(admin.token))
    await expectProblem(answer, 503, 'not_ready')
    expect((await login(user.email)).status).toBe(200)
  })

  it('a forced reset of somebody who is disabled mails nothing, and leaves no password for later', async () => {
    await done(by(admin, disable(user.id)))
    await done(by(admin, reset(user.id)))
    expect(subjectsTo(user.email)).toEqual([])
    expect(await linksOf(user.id)).toEqual([])
    expect(await userAt(user.email)).toMatchObject({ hashed_password: null })
  })

  it('unlocking opens what failures have closed', async () => {
    await stateFor(user.email, withFailures(100, now() + 900))
    await expectProblem(await login(user.email), 429, 'too_many_attempts')
    await done(by(admin, unlock(user.id)))
    expect((await login(user.email)).status).toBe(200)
    expect(await eventsOf(user.id)).toContain('account_unlocked')
  })

  it.each<[string, (id: number) => Change, string]>([
    ['disabling', disable, 'user_disabled'],
    ['ending sessions', endSessions, 'sessions_revoked'],
    ['giving roles', (id) => give(id, 'editor'), 'roles_changed'],
    ['a reset', reset, 'reset_forced'],
    ['unlocking', unlock, 'account_unlocked'],
    ['deleting', remove, 'account_deleted'],
  ])('%s is recorded as the admin’s', async (_what, change, event) => {
    await done(by(admin, change(user.id)))
    expect(await lastAudit(user.id)).toMatchObject({ event, actor: `user:${admin.id}` })
  })

  it('does not tell the person from where the admin came', async () => {
    const [method, path] = endSessions(user.id)
    const headers = { ...bearer(admin.token).headers, 'CF-Connecting-IP': '192.0.2.99', 'User-Agent': 'Of the admin' }
    await done(call(method, path, { headers }))
    expect(await lastAudit(user.id)).toMatchObject({ ip: '192.0.2.99' })
    const { token } = await sessionFor(user.id)
    const text = await (await call('GET', '/user/me/export', bearer(token))).text()
    expect(text).toContain('sessions_revoked')
    expect(text).not.toMatch(/192\.0\.2\.99|Of the admin/)
  })

  it.each<[string, (id: number) => Change]>([
    ['disable', disable],
    ['enable', enable],
    ['end the sessions of', endSessions],
    ['give roles to', (id) => give(id, 'editor')],
    ['reset', reset],
    ['unlock', unlock],
    ['delete', remove],
  ])('there is nobody to %s: 404, and no trail of it', async (_what, change) => {
    await expectProblem(await by(admin, change(987_654)), 404, 'not_found')
    expect(await eventsOf(987_654)).toEqual([])
  })
})

describe('who may', () => {
  const routes: [name: string, Change, fresh: boolean][] = [
    ['list users', ['GET', '/admin/users'], false],
    ['create a user', ['POST', '/admin/users', { email: nobody() }], true],
    ['see a user', ['GET', '/admin/users/424242'], false],
    ['delete a user', remove(424_242), true],
    ['end sessions', endSessions(424_242), false],
    ['give roles', give(424_242, 'admin'), true],
    ['disable', disable(424_242), false],
    ['enable', enable(424_242), true],
    ['reset', reset(424_242), true],
    ['unlock', unlock(424_242), true],
    ['read the trail', ['GET', '/admin/audit'], false],
    ['read the counts', ['GET', '/admin/stats'], false],
  ]

  it.each(routes)('%s: nobody without the role, or who has lost it', async (_name, change) => {
    const [user, former, disabled] = [await member(), await administrator(), await administrator()]
    await done(by(admin, give(former.id)))
    await done(by(admin, disable(disabled.id)))
    for (const who of [user, former]) {
      const answer = await by(who, change)
      await expectProblem(answer, 403, 'insufficient_role')
      expect(answer.headers.get('WWW-Authenticate')).toBe('Bearer realm="latchkey", error="insufficient_scope"')
    }
    const { method, path, json } = { method: change[0], path: change[1], json: change[2] }
    const elsewhere = await callIn(anotherIsolate(), method, path, {
      ...(json !== undefined && { json }),
      ...bearer(disabled.token),
    })
    await expectProblem(elsewhere, 401, 'invalid_token')
  })

  it.each(routes)('%s: asks for the password of the last ten minutes where it must', async (_name, change, fresh) => {
    const [late, user] = [await administrator(), await member()]
    const age = (sid: string, seconds: number) =>
      env.DB.prepare('UPDATE sessions SET auth_time = ? WHERE id = ?')
        .bind(now() - seconds, sid)
        .run()
    await age(late.sid, 630)
    await age(user.sid, 630)
    const answer = await by(late, change)
    if (fresh) {
      await expectProblem(answer, 401, 'fresh_login_required')
      expect(answer.headers.get('WWW-Authenticate')).toContain('error="insufficient_user_authentication", max_age=600')
    } else {
      expect([200, 404]).toContain(answer.status)
    }
    await expectProblem(await by(user, change), 403, 'insufficient_role')
    await age(late.sid, 570)
    expect([200, 201, 404, 409]).toContain((await by(late, change)).status)
  })
})

describe('the last admin', () => {
  let last: Member
  beforeEach(async () => {
    await env.DB.prepare(`UPDATE users SET roles = '[]'`).run()
    last = await administrator()
  })

  const leave = (): Change => ['DELETE', '/user/me', { password: PASSWORD }]
  const ways: [string, (who: Member) => Change][] = [
    ['be disabled', ({ id }) => disable(id)],
    ['lose the role', ({ id }) => give(id, 'editor')],
    ['be deleted', ({ id }) => remove(id)],
    ['delete their own account', leave],
  ]

  it.each(ways)('cannot %s', async (_way, change) => {
    const before = await userAt(last.email)
    await expectProblem(await by(last, change(last)), 409, 'last_admin')
    expect(await userAt(last.email)).toEqual(before)
    expect(await isIn(last.token)).toBe(true)
    expect(await eventsOf(last.id)).toEqual(['login_succeeded'])
    expect(await waitingFor(last.email)).toEqual([])
  })

  it.each(ways)('can %s when there is another one', async (_way, change) => {
    await administrator()
    await done(by(last, change(last)))
    expect(await adminsLeft()).toBe(1)
  })

  it.each<[string, Parameters<typeof administrator>[0]]>([
    ['is disabled', { disabled_at: 1 }],
    ['never confirmed the address', { email_verified: 0 }],
  ])('is still the last where another one %s', async (_how, row) => {
    const { id } = await insertUser({ hashed_password: null, ...row })
    await env.DB.prepare(`UPDATE users SET roles = '["admin"]' WHERE id = ?`).bind(id).run()
    for (const [, change] of ways) await expectProblem(await by(last, change(last)), 409, 'last_admin')
    await done(by(last, give(id)))
    await env.DB.prepare(`UPDATE users SET roles = '["admin"]' WHERE id = ?`).bind(id).run()
    await done(by(last, remove(id)))
    expect(await adminsLeft()).toBe(1)
  })

  it('may change everything else about themselves', async () => {
    await done(by(last, give(last.id, 'admin', 'editor')))
    await done(by(last, unlock(last.id)))
    await done(by(last, reset(last.id)))
    expect(await isIn(last.token)).toBe(false)
    expect(await adminsLeft()).toBe(1)
  })

  it('with a wrong password, learns nothing about being the last', async () => {
    await expectProblem(await by(last, ['DELETE', '/user/me', { password: 'wrong' }]), 401, 'invalid_credentials')
  })

  it.each<[string, (from: Member, to: Member) => Change]>([
    ['disable', (_, to) => disable(to.id)],
    ['demote', (_, to) => give(to.id)],
    ['delete', (_, to) => remove(to.id)],
    ['demote themselves', (from) => give(from.id)],
    ['disable themselves', (from) => disable(from.id)],
  ])('remains when two %s each other, fifty times at once', async (_way, change) => {
    const other = await administrator()
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, i) => (i % 2 ? by(last, change(last, other)) : by(other, change(other, last)))),
    )
    expect(await adminsLeft()).toBe(1)
    for (const { status } of answers) expect([204, 401, 403, 404, 409]).toContain(status)
    expect(answers.some(({ status }) => status === 204)).toBe(true)
  })

  it('remains when two leave at once', async () => {
    const other = await administrator()
    const answers = await Promise.all([by(last, leave()), by(other, leave())])
    expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([204, 409])
    expect(await adminsLeft()).toBe(1)
  })

  it('remains when many leave in every way at once', async () => {
    const crowd = [last, ...(await Promise.all(Array.from({ length: 9 }, () => administrator())))]
    const changes = [disable, remove, (id: number) => give(id)]
    await Promise.all(
      Array.from({ length: 50 }, (_, i) => by(crowd[i % 10]!, changes[i % 3]!(crowd[(i * 7 + 3) % 10]!.id))),
    )
    expect(await adminsLeft()).toBeGreaterThanOrEqual(1)
  })
})
