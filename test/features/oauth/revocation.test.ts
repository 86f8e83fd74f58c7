import { applyD1Migrations } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { config } from '../../../src/config.ts'
import { isRevoked } from '../../../src/core/sessions/revocations.ts'
import { withdrawConsent } from '../../../src/core/clients/consents.ts'
import { deleteClient } from '../../../src/core/clients/clients.ts'
import {
  anotherIsolate,
  ask,
  authorizationRequest,
  bearer,
  call,
  callBy,
  CALLBACK,
  callIn,
  claimsOf,
  clock,
  cookieOf,
  ENV,
  exchange,
  freshDatabase,
  insertUser,
  now,
  refreshWith,
  run,
  signedInTo,
  tokensIn,
  VERIFIER,
} from '../../support.ts'

freshDatabase()

describe('the session of a client', () => {
  const ends: [string, (it: Awaited<ReturnType<typeof signedInTo>>) => Promise<unknown>][] = [
    ['the user signs out', ({ user }) => call('POST', '/user/logout', bearer(user.token))],
    ['the user signs out everywhere', ({ user }) => call('POST', '/user/logout/everywhere', bearer(user.token))],
    [
      'the user ends it in the list',
      ({ user, tokens }) =>
        call('DELETE', `/user/sessions/${String(claimsOf(tokens.access_token).sid)}`, bearer(user.token)),
    ],
    ['the client revokes it', ({ app, tokens }) => ask('/oauth/revoke', app, { token: tokens.refresh_token })],
    [
      'the consent is withdrawn',
      ({ app, user }) => withdrawConsent(callBy(), { user_id: user.id, client_id: app.client.id }),
    ],
    ['the client is deleted', ({ app }) => deleteClient(callBy(), app.client.id)],
    ['the user is disabled', ({ user }) => run('UPDATE users SET disabled_at = unixepoch() WHERE id = ?', user.id)],
    ['the user is deleted', ({ user }) => run('DELETE FROM users WHERE id = ?', user.id)],
    ['the session of the browser is deleted', ({ user }) => run('DELETE FROM sessions WHERE id = ?', user.sid)],
  ]

  it.each(ends)('is published within five seconds when %s', async (_when, end) => {
    const started = await signedInTo()
    const sid = String(claimsOf(started.tokens.access_token).sid)
    const elsewhere = anotherIsolate().DB
    const maxAgeSeconds = config(ENV).REVOCATION_MAX_AGE_SECONDS
    const isKnown = () => isRevoked({ db: elsewhere, maxAgeSeconds, waitUntil: () => {} }, sid)
    expect(await isKnown()).toBe(false)
    await end(started)
    clock.forward(5.001)
    expect(await isKnown()).toBe(true)
    const feed = await call('GET', '/revoked', bearer(config(ENV).REVOCATION_FEED_SECRET!))
    expect((await feed.json<{ sessions: { sid: string }[] }>()).sessions.map((one) => one.sid)).toContain(sid)
    expect((await call('GET', '/oauth/userinfo', bearer(started.tokens.access_token))).status).toBe(401)
    expect((await refreshWith(started.app, started.tokens.refresh_token)).status).not.toBe(200)
  })

  it('is listed with the name of its application', async () => {
    const { user, tokens } = await signedInTo({}, { name: 'The Wiki' })
    const { sessions } = await (
      await call('GET', '/user/sessions', bearer(user.token))
    ).json<{ sessions: { id: string; client: string | null }[] }>()
    const named = sessions.map(({ id, client }) => [id, client])
    expect(named).toHaveLength(2)
    expect(named).toContainEqual([claimsOf(tokens.access_token).sid, 'The Wiki'])
    expect(named).toContainEqual([user.sid, null])
    const page = await call('GET', '/account', { headers: { Cookie: cookieOf(user.token) } })
    expect(await page.text()).toContain('The Wiki')
  })
})

describe('a database of before', () => {
  const own = { ...ENV, DB: env.SCHEMA_DB } as Env
  let [token, refresh_token] = ['', '']

  beforeAll(async () => {
    const before = env.TEST_MIGRATIONS.filter(({ name }) => name < '0019')
    await applyD1Migrations(own.DB, before)
    const { email } = await insertUser()
    const user = await env.DB.prepare('SELECT hashed_password FROM users WHERE email = ?')
      .bind(email)
      .first('hashed_password')
    await own.DB.prepare('INSERT INTO users (id, email, hashed_password) VALUES (1, ?, ?)').bind(email, user).run()
    const { newSession } = await import('../../../src/core/sessions/sessions.ts')
    const { tokenAnswer } = await import('../../../src/signing-in/tokens.ts')
    const asked = callBy({ own })
    const grant = newSession(asked, { id: 1, roles: [] } as never, ['password'])
    await own.DB.prepare(
      `INSERT INTO sessions (id, user_id, created_at, auth_time, refreshed_at, expires_at, tokens_until, shown)
       VALUES (?1, 1, ?2, ?2, ?2, ?3, ?3, json_object('password', ?2))`,
    )
      .bind(grant.id, now(), grant.expires_at)
      .run()
    ;({ access_token: token, refresh_token } = await tokenAnswer(asked, grant))
    await applyD1Migrations(own.DB, env.TEST_MIGRATIONS)
  })

  it('keeps its sessions, which sign in to applications', async () => {
    expect((await callIn(own, 'GET', '/user/me', bearer(token))).status).toBe(200)
    await own.DB.prepare(
      `INSERT INTO clients (id, name, redirect_uris, scope, created_at) VALUES ('app', 'App', json_array(?), 'openid', 1)`,
    )
      .bind(CALLBACK)
      .run()
    const app = { client: { id: 'app' }, secret: '' } as never
    const Cookie = cookieOf(token)
    const begun = await callIn(own, 'GET', authorizationRequest(app), { headers: { Cookie } })
    const done = await callIn(own, 'GET', begun.headers.get('Location')!, { headers: { Cookie } })
    const code = new URL(done.headers.get('Location')!).searchParams.get('code')!
    const tokens = await tokensIn(await exchange(app, code, { code_verifier: VERIFIER }, own))
    expect(claimsOf(tokens.access_token)).toMatchObject({ sub: '1', client_id: 'app' })
    clock.forward(60)
    expect((await callIn(own, 'POST', '/user/refresh', { json: { refresh_token } })).status).toBe(200)
  })
})
