import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { rooms } from '../../src/core/rooms.ts'
import {
  anotherIsolate,
  bearer,
  call,
  callIn,
  claimsOf,
  dump,
  ENV,
  eventsOf,
  expectProblem,
  freshDatabase,
  insertUser,
  login,
  mailedToken,
  mailsTo,
  member,
  now,
  PASSWORD,
  sessionFor,
  signedIn,
  subjectsTo,
  userAt,
  watchedIsolate,
} from '../support.ts'

freshDatabase()

describe('GET /user/me', () => {
  it('shows what the account is, and nothing that only the service needs', async () => {
    const { id, email, token } = await signedIn()
    const answer = await call('GET', '/user/me', bearer(token))
    const created_at = await env.DB.prepare('SELECT created_at FROM users WHERE id = ?').bind(id).first('created_at')
    expect(await answer.json()).toEqual({ user_id: id, email, name: null, email_verified: true, roles: [], created_at })
  })

  it('shows roles, which the next token carries', async () => {
    const { id, email } = await signedIn()
    await env.DB.prepare(`UPDATE users SET roles = '["admin","editor"]' WHERE id = ?`).bind(id).run()
    const { access_token } = await (await login(email)).json<{ access_token: string }>()
    expect(claimsOf(access_token).roles).toEqual(['admin', 'editor'])
    expect(await (await call('GET', '/user/me', bearer(access_token))).json()).toMatchObject({
      roles: ['admin', 'editor'],
    })
  })
})

/** A user of whom every table holds something: sessions, links, mails and events that wait, a trail. */
async function wellKnown() {
  const user = await member()
  const [other, ended] = [await sessionFor(user.id), await sessionFor(user.id)]
  await call('DELETE', `/user/sessions/${ended.sid}`, bearer(user.token))
  const json = { email: `moving.${user.email}`, password: PASSWORD }
  await env.DB.prepare('INSERT INTO recovery_codes (user_id, hash) VALUES (?, ?)').bind(user.id, 'x'.repeat(43)).run()
  await env.DB.batch([
    env.DB.prepare(
      `INSERT OR IGNORE INTO clients (id, name, redirect_uris, scope, created_at) VALUES ('Shop', 'Shop', '[]', 'openid', 0)`,
    ),
    env.DB.prepare(`INSERT INTO consents (user_id, client_id, scope, granted_at) VALUES (?, 'Shop', 'openid', 0)`).bind(
      user.id,
    ),
    env.DB.prepare(`INSERT INTO logout_outbox (id, client_id, user_id, at, due_at) VALUES (?, 'Shop', ?, 0, 0)`).bind(
      ended.sid,
      user.id,
    ),
  ])
  const silent = { ...ENV, EMAIL: { send: () => Promise.reject(new Error('down')) } } as unknown as Env
  await callIn(silent, 'POST', '/user/email', { json, ...bearer(user.token) })
  await callIn(silent, 'POST', '/user/password/forgot', { json: { email: user.email } })
  await env.DB.prepare(
    `INSERT INTO invitations (user_id, hash, email, expires_at, epoch) SELECT id, ?, email, 1, epoch FROM users WHERE id = ?`,
  )
    .bind(String(user.id).padStart(43, 'i'), user.id)
    .run()
  return { ...user, other }
}

/** What the tables of `core` hold. Of a feature's own tables, its own test fills them. */
const ofCore: object = Object.assign({}, ...rooms.map(({ holds }) => holds))

/** The tables whose rows say whom they are about. */
async function tablesOfPeople(): Promise<string[]> {
  const { results } = await env.DB.prepare(
    `SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE '% user_id %'`,
  ).all<{ name: string }>()
  return results.map(({ name }) => name).sort()
}

describe('GET /user/me/export', () => {
  it('gives everything that the tables hold about the person, and nothing about anybody else', async () => {
    const [user, other] = [await wellKnown(), await wellKnown()]
    await login(user.email)
    const answer = await call('GET', '/user/me/export', bearer(user.token))
    expect(answer.status).toBe(200)
    expect(answer.headers.get('Cache-Control')).toBe('no-store')
    const document = await answer.json<Record<string, Record<string, unknown>[]>>()
    const { user: account, devices, networks, ...lists } = document
    expect(devices).toEqual([expect.objectContaining({ id: expect.any(String), user_agent: null })])
    expect(networks).toEqual([expect.objectContaining({ name: expect.any(String) })])
    expect(Object.keys(lists).sort()).toEqual(await tablesOfPeople())
    const tables = await dump()
    for (const [name, rows] of Object.entries(lists)) {
      // Not what goes to an address that is not theirs yet: it would tell whether that is somebody's.
      const held = tables[name]!.filter(({ user_id, kind }) => user_id === user.id && kind !== 'email_change')
      expect([name, held.length]).toEqual([name, rows.length])
      if (name in ofCore) expect(held.length).toBeGreaterThan(0)
      for (const row of rows) expect(held).toContainEqual(expect.objectContaining(row))
    }
    const row = { ...tables.users!.find(({ id }) => id === user.id)! }
    expect(account).toEqual({
      user_id: row.id,
      email: row.email,
      email_verified: row.email_verified,
      disabled_at: row.disabled_at,
      roles: row.roles,
      language: row.language,
      password_set_at: row.password_set_at,
      created_at: row.created_at,
      second_factor: row.second_factor,
      name: row.name,
    })
    expect(JSON.stringify(document)).not.toContain(other.email)
    expect(JSON.stringify(document)).not.toContain(other.sid)
  })

  it('gives no column of theirs away but what is a secret, or of use to the service alone', async () => {
    const user = await wellKnown()
    const document = await (await call('GET', '/user/me/export', bearer(user.token))).json<Record<string, object[]>>()
    const tables = await dump()
    const kept: Record<string, string[]> = {}
    for (const name of (await tablesOfPeople()).filter((one) => one in ofCore)) {
      const held = tables[name]!.find(({ user_id }) => user_id === user.id)!
      kept[name] = Object.keys(held).filter((column) => !(column in document[name]![0]!))
    }
    expect(kept).toEqual({
      audit_events: ['id', 'user_id', 'actor'],
      consents: ['user_id'],
      invitations: ['user_id', 'hash', 'epoch'],
      logout_outbox: ['id', 'user_id'],
      one_time_tokens: ['user_id', 'hash', 'epoch', 'cancel_hash'],
      // The network and the details are those of whoever asked, who may be somebody else.
      outbox: 'id sealed_token user_id network request_id link_hash domain network_turn domain_turn details'.split(' '),
      recovery_codes: ['hash'],
      sessions: ['user_id', 'generation', 'tokens_until', 'parent_id'],
      webhook_outbox: ['id', 'user_id', 'actor'],
    })
  })

  it('shows no hash, no link and no token', async () => {
    const user = await wellKnown()
    const text = await (await call('GET', '/user/me/export', bearer(user.token))).text()
    const { users, one_time_tokens, invitations, outbox } = await dump()
    const secrets = [
      users!.find(({ id }) => id === user.id)!.hashed_password,
      ...[...one_time_tokens!, ...invitations!].map(({ hash }) => hash),
      ...outbox!.map(({ sealed_token }) => sealed_token).filter((sealed) => sealed !== null),
      user.refresh_token,
      user.token,
    ] as string[]
    expect(secrets.length).toBeGreaterThan(6)
    for (const secret of secrets) expect(text).not.toContain(secret)
    expect(text).not.toMatch(/\$2[aby]\$/)
  })

  it('asks for the password again after ten minutes', async () => {
    const { id, token } = await member()
    await env.DB.prepare('UPDATE sessions SET auth_time = ? WHERE user_id = ?')
      .bind(now() - 601, id)
      .run()
    const answer = await call('GET', '/user/me/export', bearer(token))
    await expectProblem(answer, 401, 'fresh_login_required')
    expect(answer.headers.get('WWW-Authenticate')).toContain('insufficient_user_authentication')
    const again = await call('POST', '/user/reauth', { json: { password: PASSWORD }, ...bearer(token) })
    const { access_token } = await again.json<{ access_token: string }>()
    expect((await call('GET', '/user/me/export', bearer(access_token))).status).toBe(200)
  })
})

describe('DELETE /user/me', () => {
  const leave = (token: string, password: unknown = PASSWORD) =>
    call('DELETE', '/user/me', { json: { password }, ...bearer(token) })

  it('takes everything with it but the trail and what clients are to be told, which keep a number and no address', async () => {
    const user = await wellKnown()
    const answer = await leave(user.token)
    expect({ status: answer.status, text: await answer.text() }).toEqual({ status: 204, text: '' })
    expect(await userAt(user.email)).toBeNull()
    await env.DB.prepare('UPDATE outbox SET due_at = 0').run()
    await call('POST', '/user/password/forgot', { json: { email: 'nobody@example.com' } }) // sends what waits
    const { audit_events, webhook_outbox, logout_outbox, ...tables } = await dump()
    for (const [name, rows] of Object.entries(tables)) {
      expect([name, rows.filter(({ user_id }) => user_id === user.id)]).toEqual([name, []])
    }
    expect(JSON.stringify({ audit_events, webhook_outbox, logout_outbox, ...tables })).not.toContain(user.email)
    expect((await eventsOf(user.id)).at(-1)).toBe('account_deleted')
    expect(audit_events!.filter(({ user_id }) => user_id === user.id).length).toBeGreaterThan(3)
  })

  it('sends a farewell', async () => {
    const { email, token } = await member()
    await leave(token)
    expect(subjectsTo(email)).toEqual(['Your account was deleted'])
  })

  it('ends every session at once, in this isolate and in others', async () => {
    const user = await wellKnown()
    const elsewhere = anotherIsolate()
    expect((await callIn(elsewhere, 'POST', '/action', bearer(user.other.token))).status).toBe(200)
    expect((await leave(user.token)).status).toBe(204)
    for (const { token, refresh_token } of [user, user.other]) {
      await expectProblem(await call('POST', '/action', bearer(token)), 401, 'invalid_token')
      await expectProblem(await call('GET', '/user/me', bearer(token)), 401, 'invalid_token')
      await expectProblem(await callIn(anotherIsolate(), 'POST', '/action', bearer(token)), 401, 'invalid_token')
      const refreshed = await call('POST', '/user/refresh', { json: { refresh_token } })
      await expectProblem(refreshed, 401, 'invalid_refresh_token')
    }
    await expectProblem(await leave(user.token), 401, 'invalid_token')
    await expectProblem(await login(user.email), 401, 'invalid_credentials')
  })

  it('leaves links that open nothing', async () => {
    const { email, token } = await member()
    const target = `moving.${email}`
    await call('POST', '/user/email', { json: { email: target, password: PASSWORD }, ...bearer(token) })
    await call('POST', '/user/password/forgot', { json: { email } })
    const [moving, resetting] = [mailedToken(target), mailedToken(email)]
    await leave(token)
    const verified = await call('POST', '/user/email/verify', { json: { token: moving, password: PASSWORD } })
    await expectProblem(verified, 400, 'invalid_one_time_token')
    const reset = await call('POST', '/user/password/reset', { json: { token: resetting, password: PASSWORD } })
    await expectProblem(reset, 400, 'invalid_one_time_token')
    expect(await userAt(target)).toBeNull()
  })

  it('gives the id to nobody else, and the address to whoever registers it', async () => {
    const gone = await member()
    const { n } = (await env.DB.prepare('SELECT max(id) AS n FROM users').first<{ n: number }>())!
    expect(gone.id).toBe(n)
    await leave(gone.token)
    expect((await insertUser()).id).toBeGreaterThan(gone.id)
    await call('POST', '/user/register', { json: { email: gone.email, password: PASSWORD } })
    expect((await userAt(gone.email))!.id).toBeGreaterThan(gone.id)
    await expectProblem(await call('GET', '/user/me', bearer(gone.token)), 401, 'invalid_token')
  })

  it('needs a login that stands, and the password', async () => {
    const { id, email, token } = await member()
    await expectProblem(await call('DELETE', '/user/me', { json: { password: PASSWORD } }), 401, 'login_required')
    await expectProblem(await leave(token, 'wrong'), 401, 'invalid_credentials')
    for (const wrong of [null, '', 1, [PASSWORD], {}])
      await expectProblem(await leave(token, wrong), 422, 'invalid_body')
    await expectProblem(await call('DELETE', '/user/me', bearer(token)), 415, 'unsupported_media_type')
    await env.DB.prepare('UPDATE sessions SET revoked_at = 1 WHERE user_id = ?').bind(id).run()
    await expectProblem(await leave(token), 401, 'invalid_token')
    expect(await userAt(email)).not.toBeNull()
    expect(mailsTo(email)).toEqual([])
  })

  it('happens whole or not at all', async () => {
    const { email, token } = await member()
    const before = await dump()
    const isolate = watchedIsolate()
    isolate.before = (texts) => {
      if (texts.length > 1) throw new Error('D1_ERROR: Network connection lost.')
    }
    const init = { json: { password: PASSWORD }, ...bearer(token) }
    await expectProblem(await callIn(isolate.env, 'DELETE', '/user/me', init), 503, 'unavailable')
    expect(await dump()).toEqual(before)
    expect(mailsTo(email)).toEqual([])
  })

  it('is done once by two requests at once', async () => {
    const { id, email, token } = await member()
    const statuses = (await Promise.all([leave(token), leave(token)])).map(({ status }) => status)
    expect(statuses.toSorted((a, b) => a - b)).toEqual([204, 401])
    expect(subjectsTo(email)).toEqual(['Your account was deleted'])
    expect((await eventsOf(id)).filter((event) => event === 'account_deleted')).toHaveLength(1)
  })

  it('loses against a reset that comes between the check of the old password and the deletion', async () => {
    const { id, email, token } = await member()
    await call('POST', '/user/password/forgot', { json: { email } })
    const isolate = watchedIsolate()
    isolate.before = async (texts) => {
      if (texts.length < 3) return
      isolate.before = () => {}
      const json = { token: mailedToken(email), password: 'the password of the owner' }
      expect((await call('POST', '/user/password/reset', { json })).status).toBe(204)
    }
    const init = { json: { password: PASSWORD }, ...bearer(token) }
    await expectProblem(await callIn(isolate.env, 'DELETE', '/user/me', init), 401, 'invalid_token')
    expect((await login(email, 'the password of the owner')).status).toBe(200)
    expect(await eventsOf(id)).not.toContain('account_deleted')
    expect(subjectsTo(email)).not.toContain('Your account was deleted')
  })
})
