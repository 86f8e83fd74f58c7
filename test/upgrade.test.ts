import { applyD1Migrations } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { newOneTimeToken } from '../src/core/users/one-time.ts'
import { callIn, ENV, expectProblem, freshDatabase, mailedToken, now } from './support.ts'

freshDatabase()

/** A database that was deployed before there was an epoch, and is migrated then. */
const DB = env.SCHEMA_DB
const own = { ...ENV, DB } as Env
const links: Record<string, string> = {}
const run = (text: string, ...values: unknown[]) =>
  DB.prepare(text)
    .bind(...values)
    .run()
const rowOf = (id: number) => DB.prepare('SELECT * FROM users WHERE id = ?').bind(id).first()

/** A link as a Worker from before there was an epoch mails it. */
async function linkOfBefore(user_id: number, purpose: string, email: string): Promise<string> {
  const { token, hash } = await newOneTimeToken()
  await run(
    'INSERT OR REPLACE INTO one_time_tokens (user_id, purpose, hash, email, expires_at) VALUES (?, ?, ?, ?, ?)',
    user_id,
    purpose,
    hash,
    email,
    now() + 600,
  )
  return token
}

beforeAll(async () => {
  await applyD1Migrations(DB, env.TEST_MIGRATIONS.slice(0, 7))
  for (const [id, name, verified] of [
    [1, 'owner', 1],
    [2, 'registered', 0],
    [3, 'imported', 0],
    [4, 'pending', 1],
    [5, 'verified', 0],
    [6, 'reset', 0],
    [7, 'user', 0],
  ] as const) {
    await run(
      'INSERT INTO users (id, email, hashed_password, email_verified) VALUES (?, ?, ?, ?)',
      id,
      `${name}@example.com`,
      '$2b$04$x',
      verified,
    )
  }
  await run(`INSERT INTO audit_events (at, event, user_id) VALUES (1, 'registered', 2), (2, 'registered', 1)`)
  await run(`INSERT INTO audit_events (at, event, user_id) VALUES (1, 'registered', 5), (1, 'registered', 6),
    (1, 'registered', 7), (2, 'email_verified', 5), (2, 'password_reset', 6), (2, 'login_succeeded', 7)`)
  await run(`INSERT INTO audit_events (at, event, reason, user_id) VALUES (3, 'registered', 'known_email', 3)`)
  for (const purpose of ['reset', 'email_change']) links[purpose] = await linkOfBefore(1, purpose, 'owner@example.com')
  await run(
    `INSERT INTO sessions (id, user_id, created_at, auth_time, refreshed_at, expires_at, tokens_until)
    VALUES ('before', 1, 1, 1, ?1, ?1 + 600, ?1 + 600)`,
    now(),
  )
  await applyD1Migrations(DB, env.TEST_MIGRATIONS)
})

describe('a database of before', () => {
  it('gives a week to registrations that wait, and no end to anybody else', async () => {
    expect((await rowOf(2))!.unconfirmed_until).toBeGreaterThan(now() + 6 * 86_400)
    for (const id of [1, 3, 5, 6, 7]) expect(await rowOf(id)).toMatchObject({ unconfirmed_until: null, epoch: 0 })
  })

  it('keeps its links, which end every session and void each other as before', async () => {
    const json = { token: links.reset, password: 'another password of mine' }
    expect((await callIn(own, 'POST', '/user/password/reset', { json })).status).toBe(204)
    expect((await rowOf(1))!.epoch).toBe(1)
    expect(await DB.prepare('SELECT count(*) AS n FROM one_time_tokens').first('n')).toBe(0)
    expect(await DB.prepare('SELECT revoked_at FROM sessions').first('revoked_at')).toBeGreaterThan(0)
    expect((await callIn(own, 'POST', '/user/email/verify', { json: { token: links.email_change } })).status).toBe(400)
  })

  it('voids its links with a link that is mailed afterwards', async () => {
    const moving = await linkOfBefore(4, 'email_change', 'attacker@example.com')
    await callIn(own, 'POST', '/user/password/forgot', { json: { email: 'pending@example.com' } })
    const json = { token: mailedToken('pending@example.com'), password: 'another password of mine' }
    expect((await callIn(own, 'POST', '/user/password/reset', { json })).status).toBe(204)
    const { password } = json
    const moved = await callIn(own, 'POST', '/user/email/verify', { json: { token: moving, password } })
    await expectProblem(moved, 400, 'invalid_one_time_token')
    expect((await rowOf(4))!.email).toBe('pending@example.com')
    expect(await DB.prepare('SELECT count(*) AS n FROM one_time_tokens WHERE user_id = 4').first('n')).toBe(0)
  })

  it.each([
    ['all sessions are ended', 'UPDATE users SET epoch = epoch + 1 WHERE id = 4'],
    [
      'the account is disabled and enabled',
      'UPDATE users SET disabled_at = iif(disabled_at IS NULL, 1, NULL) WHERE id = 4',
    ],
    ['another password is set', `UPDATE users SET hashed_password = '$2b$04$y' || epoch WHERE id = 4`],
  ])('opens nothing with its links after %s', async (_when, text) => {
    await run('UPDATE users SET epoch = 0 WHERE id = 4')
    const [resetting, moving] = [
      await linkOfBefore(4, 'reset', 'pending@example.com'),
      await linkOfBefore(4, 'email_change', 'attacker@example.com'),
    ]
    for (let twice = 0; twice < 2; twice++) await run(text)
    const password = 'another password of mine'
    const reset = await callIn(own, 'POST', '/user/password/reset', { json: { token: resetting, password } })
    await expectProblem(reset, 400, 'invalid_one_time_token')
    const moved = await callIn(own, 'POST', '/user/email/verify', { json: { token: moving, password } })
    await expectProblem(moved, 400, 'invalid_one_time_token')
  })

  it('goes on with the Worker of before, which names the holder of its link after the new password is set', async () => {
    await linkOfBefore(4, 'reset', 'pending@example.com')
    await run(`UPDATE users SET hashed_password = '$2b$04$z', password_set_at = ? WHERE id = 4`, now())
    const holder = `SELECT user_id FROM one_time_tokens WHERE user_id = 4 AND purpose = 'reset'`
    expect(await DB.prepare(holder).first('user_id')).toBe(4)
  })
})
