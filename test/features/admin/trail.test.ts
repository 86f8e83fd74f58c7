import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { cursorAt } from '../../../src/lib/cursor.ts'
import {
  administrator,
  bearer,
  call,
  callIn,
  ENV,
  expectProblem,
  freshDatabase,
  insertUser,
  member,
  type Member,
  nobody,
  now,
  watchedDatabase,
  watchedIsolate,
} from '../../support.ts'

freshDatabase()

let admin: Member
beforeAll(async () => {
  admin = await administrator()
})

type Event = { id: number; at: number; event: string; user_id: number | null; actor: string | null }
type Page = { events: Event[]; next: string | null }

const get = (path: string, own: Env = ENV) => callIn(own, 'GET', path, bearer(admin.token))
const trail = async (parameters: Record<string, string>, own?: Env): Promise<Page> => {
  const answer = await get(`/admin/audit?${new URLSearchParams(parameters).toString()}`, own)
  expect(answer.status).toBe(200)
  return answer.json<Page>()
}
const idsOf = async (parameters: Record<string, string>) => (await trail(parameters)).events.map(({ id }) => id)
const errorsOf = async (path: string) => (await expectProblem(await get(path), 422, 'invalid_query')).errors

type Row = { at: number; event: string; reason?: string; user_id?: number; actor?: string }
const record = (rows: Row[]) =>
  env.DB.batch(
    rows.map(({ at, event, reason = null, user_id = null, actor = null }) =>
      env.DB.prepare('INSERT INTO audit_events (at, event, reason, user_id, actor) VALUES (?, ?, ?, ?, ?)').bind(
        at,
        event,
        reason,
        user_id,
        actor,
      ),
    ),
  )

describe('GET /admin/audit', () => {
  it('shows what was recorded, the newest first', async () => {
    const user = await member()
    const init = { headers: { ...bearer(admin.token).headers, 'CF-Connecting-IP': '192.0.2.5', 'User-Agent': 'Tool' } }
    const answer = await call('POST', `/admin/users/${user.id}/disable`, init)
    const { events, next } = await trail({ user_id: String(user.id) })
    expect(next).toBeNull()
    expect(events).toEqual([
      {
        id: expect.any(Number),
        at: expect.any(Number),
        event: 'user_disabled',
        reason: null,
        user_id: user.id,
        email: user.email,
        session_id: null,
        client_id: null,
        client_name: null,
        actor: `user:${admin.id}`,
        actor_email: admin.email,
        ip: '192.0.2.5',
        country: null,
        user_agent: 'Tool',
        request_id: answer.headers.get('X-Request-Id'),
      },
      expect.objectContaining({ event: 'login_succeeded', user_id: user.id, session_id: user.sid, actor: null }),
    ])
  })

  it('chooses by user, event, actor and time, and by all of them', async () => {
    await record([
      { at: 100, event: 'roles_changed', user_id: 71, actor: 'user:70' },
      { at: 101, event: 'roles_changed', user_id: 72, actor: 'user:70' },
      { at: 101, event: 'user_disabled', user_id: 71, actor: 'user:70' },
      { at: 102, event: 'roles_changed', user_id: 71, actor: 'cli:ann' },
      { at: 103, event: 'login_failed' },
    ])
    const { events } = await trail({ to: '104' })
    const [e, d, c, b, a] = events.map(({ id }) => id)
    expect(events.map(({ at }) => at)).toEqual([103, 102, 101, 101, 100])
    expect(await idsOf({ user_id: '71' })).toEqual([d, c, a])
    expect(await idsOf({ event: 'roles_changed', to: '104' })).toEqual([d, b, a])
    expect(await idsOf({ actor: 'user:70' })).toEqual([c, b, a])
    expect(await idsOf({ actor: 'cli:ann' })).toEqual([d])
    expect(await idsOf({ from: '101', to: '103' })).toEqual([d, c, b])
    expect(await idsOf({ user_id: '71', event: 'roles_changed', actor: 'user:70', from: '100', to: '101' })).toEqual([
      a,
    ])
    expect(await idsOf({ user_id: '71', actor: 'user:70' })).toEqual([c, a])
    expect(await idsOf({ event: 'roles_changed', actor: 'user:70' })).toEqual([b, a])
    expect(await idsOf({ from: '103', to: '103' })).toEqual([])
    expect(await idsOf({ event: 'no_such_event' })).toEqual([])
    expect(await idsOf({ from: '103', to: '104' })).toEqual([e])
    expect(await idsOf({ from: '101', to: '102', cursor: cursorAt([103, e]) })).toEqual([c, b])
  })

  it('gives every row of one second once, while new ones are added', async () => {
    await record(Array.from({ length: 95 }, () => ({ at: 500, event: 'logged_out', user_id: 80 })))
    const [seen, isolate] = [[] as number[], watchedIsolate()]
    for (const filter of [{ user_id: '80' }, { event: 'logged_out', to: '1000' }, { from: '500', to: '501' }]) {
      let next: string | null = null
      seen.length = 0
      do {
        const page: Page = await trail({ ...filter, limit: '10', ...(next !== null && { cursor: next }) }, isolate.env)
        seen.push(...page.events.map(({ id }) => id))
        await record([
          { at: 499, event: 'logged_in', user_id: 81 },
          { at: 2_000, event: 'logged_out', user_id: 80 },
        ])
        next = page.next
      } while (next !== null)
      expect(new Set(seen).size).toBe(seen.length)
      const wanted = await env.DB.prepare('SELECT id FROM audit_events WHERE at = 500').all<{ id: number }>()
      expect(wanted.results.filter(({ id }) => !seen.includes(id))).toEqual([])
      expect(wanted.results).toHaveLength(95)
    }
  })

  it('reads no more than the page, however long the trail is', async () => {
    await env.DB.prepare(
      `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
       INSERT INTO audit_events (at, event, user_id, actor)
       SELECT 10000 + i, iif(i % 2, 'login_failed', 'login_succeeded'), 90 + i % 7, iif(i % 5, NULL, 'cli:long') FROM n`,
    ).run()
    for (const filter of [{}, { user_id: '90' }, { event: 'login_failed' }, { actor: 'cli:long' }]) {
      const isolate = watchedIsolate()
      let next: string | null = null
      for (let page = 0; page < 5; page++) {
        const cursor: Record<string, string> = next === null ? {} : { cursor: next }
        const found: Page = await trail({ ...filter, ...cursor, to: '40000', limit: '50' }, isolate.env)
        next = found.next
      }
      const lists = isolate.calls.filter(({ texts }) => texts[0]!.includes('audit_events'))
      expect(lists).toHaveLength(5)
      for (const { rows_read } of lists) expect(rows_read).toBeLessThanOrEqual(2 * 52)
    }
  })

  it('refuses what it does not understand', async () => {
    for (const [text, code] of [
      ['user_id=me', 'not_a_number'],
      ['event=Login', 'malformed'],
      ['actor=ann', 'malformed'],
      ['from=yesterday', 'not_a_number'],
      ['to=-1', 'not_a_number'],
      ['from=999999999999', 'too_large'],
      ['users=1', 'unknown'],
      ['limit=0', 'too_small'],
      [`cursor=${cursorAt(5)}`, 'malformed'],
      [`cursor=${cursorAt([5])}`, 'malformed'],
      [`cursor=${cursorAt([5, 5, 5])}`, 'malformed'],
      [`cursor=${cursorAt(['5', 5])}`, 'malformed'],
    ] as const) {
      expect(await errorsOf(`/admin/audit?${text}`)).toEqual([{ field: text.split('=')[0], code }])
    }
    expect(await errorsOf('/admin/audit?from=1&from=2')).toEqual([{ field: 'from', code: 'repeated' }])
  })
})

describe('GET /admin/stats', () => {
  const DAY = 86_400
  type Stats = { users: number; verified: number; live_sessions: number; days: Record<string, unknown>[] }
  const stats = async (query = '') => (await get(`/admin/stats${query}`)).json<Stats>()

  it('counts users and the sessions that stand', async () => {
    const before = await stats()
    await insertUser({ email_verified: 0 })
    const [user, other] = [await member(), await member()]
    await call('POST', '/user/logout', bearer(user.token))
    await env.DB.prepare('UPDATE sessions SET refreshed_at = 1 WHERE id = ?').bind(other.sid).run()
    await member()
    const { users, verified, live_sessions } = await stats()
    expect([users - before.users, verified - before.verified]).toEqual([4, 3])
    expect(live_sessions - before.live_sessions).toBe(1)
  })

  it('counts each day of UTC, and shows those without events as zeros', async () => {
    const today = Math.floor(now() / DAY)
    const of = (day: number, second: number) => (today - day) * DAY + second
    await record([
      { at: of(3, 0), event: 'login_succeeded' },
      { at: of(3, DAY - 1), event: 'login_succeeded' },
      { at: of(3, 5), event: 'login_failed', reason: 'wrong_password' },
      { at: of(3, 5), event: 'registered' },
      { at: of(3, 5), event: 'registered', reason: 'known_email' },
      { at: of(3, 5), event: 'logged_out' },
      { at: of(4, DAY - 1), event: 'login_failed' },
      { at: of(5, DAY - 1), event: 'registered' },
    ])
    const { days } = await stats('?days=5')
    const date = (day: number) => new Date((today - day) * DAY * 1000).toISOString().slice(0, 10)
    expect(days.slice(0, 4)).toEqual([
      { date: date(4), logins: 0, failures: 1, registrations: 0 },
      { date: date(3), logins: 2, failures: 1, registrations: 1 },
      { date: date(2), logins: 0, failures: 0, registrations: 0 },
      { date: date(1), logins: 0, failures: 0, registrations: 0 },
    ])
    expect(days[4]).toMatchObject({ date: date(0), registrations: 0 })
    expect(days).toHaveLength(5)
  })

  it('goes back 30 days, and 90 at most', async () => {
    expect((await stats()).days).toHaveLength(30)
    expect((await stats('?days=90')).days).toHaveLength(90)
    expect((await stats('?days=1')).days).toHaveLength(1)
    expect(await errorsOf('/admin/stats?days=91')).toEqual([{ field: 'days', code: 'too_large' }])
    expect(await errorsOf('/admin/stats?days=0')).toEqual([{ field: 'days', code: 'too_small' }])
  })
})

describe('the plans of all that the API asks', () => {
  const plan = async (text: string) => {
    const nulls = [...text.matchAll(/\?/g)].map(() => null)
    const steps = await env.DB.prepare(`EXPLAIN QUERY PLAN ${text}`)
      .bind(...nulls)
      .all<{ detail: string }>()
    return steps.results.map(({ detail }) => detail)
  }

  const paths: [path: string, index: RegExp][] = [
    ['/admin/users', /^SEARCH users USING INTEGER PRIMARY KEY/],
    [`/admin/users?cursor=${cursorAt(5)}`, /^SEARCH users USING INTEGER PRIMARY KEY/],
    [
      '/admin/users?email=a',
      /^SEARCH users USING INDEX users_canonical_email \(canonical_email>\? AND canonical_email<\?\)/,
    ],
    [`/admin/users?email=a&cursor=${cursorAt('ab')}`, /^SEARCH users USING INDEX users_canonical_email/],
    ['/admin/users?role=admin', /USING INDEX users_with_roles/],
    [`/admin/users?role=admin&cursor=${cursorAt(5)}`, /USING INDEX users_with_roles/],
    ['/admin/users?role=admin&email=a', /USING INDEX users_with_roles/],
    ['/admin/users/1', /^SEARCH users USING INTEGER PRIMARY KEY/],
    ['/admin/audit', /^SEARCH audit_events USING INDEX audit_events_at/],
    [`/admin/audit?cursor=${cursorAt([5, 5])}`, /^SEARCH audit_events USING INDEX audit_events_at/],
    [
      '/admin/audit?user_id=1&event=a',
      /^SEARCH audit_events USING INDEX audit_events_user_id \(user_id=\? AND at>\? AND at<\?\)/,
    ],
    ['/admin/audit?user_id=1&actor=cli:a', /^SEARCH audit_events USING INDEX audit_events_user_id/],
    [
      '/admin/audit?actor=cli:a&event=a',
      /^SEARCH audit_events USING INDEX audit_events_actor \(actor=\? AND at>\? AND at<\?\)/,
    ],
    [
      '/admin/audit?event=a&from=5',
      /^SEARCH audit_events USING INDEX audit_events_event \(event=\? AND at>\? AND at<\?\)/,
    ],
  ]

  it.each(paths)('GET %s', async (path, index) => {
    const { DB, texts } = watchedDatabase()
    expect((await get(path, { ...ENV, DB })).status).toBe(200)
    const steps = (await Promise.all(texts.slice(1).map(plan))).flat() // the first is the guard's
    expect(steps[0]).toMatch(index)
    expect(steps.filter((step) => /^SCAN (users|sessions|audit_events)\b(?!.*users_with_roles)/.test(step))).toEqual([])
    if (!/role=|users\/1/.test(path)) expect(steps.join()).not.toContain('TEMP B-TREE')
  })

  it('GET /admin/stats counts the users one by one, and nothing else', async () => {
    const { DB, texts } = watchedDatabase()
    await get('/admin/stats', { ...ENV, DB })
    const steps = (await Promise.all(texts.map(plan))).flat()
    expect(steps.filter((step) => step.startsWith('SCAN'))).toEqual(['SCAN users'])
    expect(steps).toContainEqual(expect.stringContaining('COVERING INDEX audit_events_event (event=? AND at>?)'))
    expect(steps).toContainEqual(expect.stringContaining('sessions_expires_at (expires_at>?)'))
  })

  it('a change looks for other admins among those with roles', async () => {
    const { DB, texts } = watchedDatabase()
    const { id } = await member()
    const own = { ...ENV, DB }
    await callIn(own, 'POST', '/admin/users', { json: { email: nobody() }, ...bearer(admin.token) })
    await callIn(own, 'PUT', `/admin/users/${id}/roles`, { json: { roles: ['editor'] }, ...bearer(admin.token) })
    for (const action of ['disable', 'enable', 'reset', 'unlock']) {
      await callIn(own, 'POST', `/admin/users/${id}/${action}`, bearer(admin.token))
    }
    await callIn(own, 'DELETE', `/admin/users/${id}/sessions`, bearer(admin.token))
    await callIn(own, 'DELETE', `/admin/users/${id}`, bearer(admin.token))
    // What a request does for the outbox once its answer is out: test/core/mail/queue.test.ts counts what that reads.
    const asked = texts.filter((text) => !text.startsWith('UPDATE outbox'))
    const steps = (await Promise.all(asked.map(plan))).flat()
    const scans = steps.filter((step) => /^SCAN (?!json_each|role|CONSTANT)/.test(step))
    expect([...new Set(scans)]).toEqual(['SCAN other USING INDEX users_with_roles'])
  })
})
