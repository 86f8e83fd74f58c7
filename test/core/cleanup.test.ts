import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { config } from '../../src/config.ts'
import { cleanUp } from '../../src/core/cleanup.ts'
import {
  anotherIsolate,
  bearer,
  call,
  callIn,
  clock,
  dump,
  ENV,
  expectProblem,
  freshDatabase,
  insertUser,
  mailedToken,
  mailsTo,
  member,
  now,
  run,
  runCron,
  watchedIsolate,
} from '../support.ts'

freshDatabase()

const DAY = 86_400

beforeEach(async () => {
  await env.DB.batch(
    ['users', 'revocations', 'audit_events', 'outbox'].map((table) => env.DB.prepare(`DELETE FROM ${table}`)),
  )
})

afterEach(() => {
  vi.restoreAllMocks()
})

const column = async (table: string, name: string) => (await dump())[table]!.map((row) => row[name])

const addSession = (user_id: number, id: string, expires_at: number) =>
  run(
    `INSERT INTO sessions (id, user_id, created_at, auth_time, refreshed_at, expires_at, tokens_until)
     VALUES (?, ?, 1, 1, 1, ?, ?)`,
    id,
    user_id,
    expires_at,
    expires_at,
  )

describe('the cron run', () => {
  it('deletes links that have expired, to the second, and no other', async () => {
    const [first, second, third] = [await insertUser(), await insertUser(), await insertUser()]
    clock.set(0)
    const add = (user_id: number, hash: string, expires_at: number) =>
      run(
        `INSERT INTO one_time_tokens (user_id, purpose, hash, email, expires_at) VALUES (?, 'reset', ?, 'a', ?)`,
        user_id,
        hash.repeat(43),
        expires_at,
      )
    await add(first.id, 'p', now() - 1)
    await add(second.id, 'n', now())
    await add(third.id, 'f', now() + 1)
    await runCron()
    expect(await column('one_time_tokens', 'user_id')).toEqual([third.id])
  })

  it('deletes sessions that are over, revoked or not, and no other', async () => {
    const { id } = await insertUser()
    clock.set(0)
    await addSession(id, 'over', now())
    await addSession(id, 'over and revoked', now() - 1)
    await addSession(id, 'live', now() + 1)
    await addSession(id, 'live and revoked', now() + 1)
    await run(`UPDATE sessions SET revoked_at = 1 WHERE id LIKE '%revoked'`)
    await runCron()
    expect(new Set(await column('sessions', 'id'))).toEqual(new Set(['live', 'live and revoked']))
  })

  it('deletes revocations of tokens that are dead since two days, but for the newest row', async () => {
    clock.set(0)
    const add = (id: number, until: number) =>
      run('INSERT INTO revocations (id, session_id, until) VALUES (?, ?, ?)', id, `session ${id}`, until - 2 * DAY)
    await add(11, now() - 1)
    await add(12, now() + 1)
    await add(13, now())
    await add(14, now() - 1)
    await runCron()
    expect(await column('revocations', 'id')).toEqual([12, 14])
    await runCron()
    expect(await column('revocations', 'id')).toEqual([12, 14])
    await add(15, now() + 1)
    await runCron()
    expect(await column('revocations', 'id')).toEqual([12, 15])
  })

  it('lets no token pass that was logged out, after a run by a clock that was a day ahead', async () => {
    clock.set(0)
    const isolates = [anotherIsolate(), anotherIsolate()] as const
    const { token } = await member()
    const status = async (own: Env) => (await callIn(own, 'POST', '/action', bearer(token))).status
    expect(await status(isolates[0])).toBe(200)
    expect((await call('POST', '/user/logout', bearer(token))).status).toBe(204)
    await run(`INSERT INTO revocations (session_id, until) VALUES ('the newest row', ?)`, now() + 9 * DAY)
    clock.set(DAY + 60)
    await runCron()
    expect(await status(isolates[0])).toBe(401) // it forgets what has expired, when it loads
    clock.set(10)
    expect([await status(isolates[0]), await status(isolates[1])]).toEqual([401, 401])
  })

  it('deletes what the audit trail has kept for long enough, as it is set', async () => {
    clock.set(0)
    const add = (event: string, at: number) => run('INSERT INTO audit_events (event, at) VALUES (?, ?)', event, at)
    await add('a year and a second', now() - 365 * DAY - 1)
    await add('a year', now() - 365 * DAY)
    await add('a day', now() - DAY)
    await add('just now', now())
    await runCron()
    expect(await column('audit_events', 'event')).toEqual(['a year', 'a day', 'just now'])
    await runCron({ ...ENV, AUDIT_RETENTION_DAYS: '1' } as unknown as Env)
    expect(await column('audit_events', 'event')).toEqual(['a day', 'just now'])
  })

  it('keeps users, whatever they have not done', async () => {
    const waiting = await insertUser({ email_verified: 0 })
    await run('UPDATE users SET created_at = 1')
    clock.set(4_000 * DAY)
    await runCron()
    expect(await column('users', 'id')).toEqual([waiting.id])
  })

  it('changes nothing for somebody who is signed in, or whose session was revoked elsewhere', async () => {
    const [user, gone] = [await member(), await member()]
    await run('UPDATE sessions SET revoked_at = ? WHERE user_id = ?', now(), gone.id)
    await runCron()
    const elsewhere = anotherIsolate()
    expect((await callIn(elsewhere, 'POST', '/action', bearer(user.token))).status).toBe(200)
    await expectProblem(await callIn(elsewhere, 'POST', '/action', bearer(gone.token)), 401, 'invalid_token')
    const refreshed = await call('POST', '/user/refresh', { json: { refresh_token: user.refresh_token } })
    expect(refreshed.status).toBe(200)
  })

  it('sends mail that waits, too', async () => {
    const { email } = await member()
    vi.spyOn(console, 'error').mockImplementation(() => {})
    const down = { ...ENV, EMAIL: { send: () => Promise.reject(new Error('down')) } } as unknown as Env
    await callIn(down, 'POST', '/user/password/forgot', { json: { email } })
    await run('UPDATE outbox SET due_at = 0')
    await runCron()
    expect(mailsTo(email)).toHaveLength(1)
    expect(mailedToken(email)).toMatch(/^[\w-]{43}$/)
    expect(await column('outbox', 'id')).toEqual([])
  })

  it('does not run with settings that are wrong', async () => {
    await expect(runCron({ ...ENV, BCRYPT_COST: '9' } as unknown as Env)).rejects.toThrow('not_ready')
  })
})

describe('cleanUp', () => {
  it('takes no more than a bounded number of rows in one pass, and the rest in the next', async () => {
    const { id } = await insertUser()
    const many = `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5010)`
    await run(`${many} INSERT INTO audit_events (event, at) SELECT 'old', 1 FROM n`)
    await run(`${many} INSERT INTO revocations (session_id, until) SELECT 'session ' || i, 1 FROM n`)
    await run(
      `${many} INSERT INTO sessions (id, user_id, created_at, auth_time, refreshed_at, expires_at, tokens_until)
       SELECT 'session ' || i, ?, 1, 1, 1, 1, 1 FROM n`,
      id,
    )
    const count = async () =>
      Promise.all(['sessions', 'revocations', 'audit_events'].map(async (table) => (await column(table, 'id')).length))
    await cleanUp(env.DB, config(ENV), now())
    expect(await count()).toEqual([10, 10, 10])
    await cleanUp(env.DB, config(ENV), now())
    expect(await count()).toEqual([0, 1, 0])
  })

  it('publishes no revocation of a session that is over', async () => {
    const { id } = await insertUser()
    await addSession(id, 'over', now() - 10)
    await cleanUp(env.DB, config(ENV), now())
    expect(await column('revocations', 'session_id')).toEqual([])
  })

  it('reads next to nothing where there is nothing to delete: every condition has an index', async () => {
    const { id } = await insertUser()
    for (let i = 0; i < 50; i++) await addSession(id, `live ${i}`, now() + 100)
    const many = `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)`
    await run(`${many} INSERT INTO audit_events (event, at) SELECT 'new', ? FROM n`, now())
    await run(`${many} INSERT INTO revocations (session_id, until) SELECT 'session ' || i, ? FROM n`, now() + 100)
    const isolate = watchedIsolate()
    await cleanUp(isolate.env.DB, config(ENV), now())
    expect(isolate.calls).toHaveLength(1)
    expect(isolate.calls[0]!.rows_read).toBeLessThan(45) // of more than a thousand: the edges of each index
  })
})
