import { env } from 'cloudflare:workers'
import { safeParse } from 'valibot'
import { describe, expect, it } from 'vitest'
import { isSecretOf } from '../../../src/core/clients/client.ts'
import {
  allClients,
  createClient,
  deleteClient,
  findClient,
  rotateClientSecret,
} from '../../../src/core/clients/clients.ts'
import { applicationsOf, consentOf, covers, grantConsent, withdrawConsent } from '../../../src/core/clients/consents.ts'
import { isRedirectUri, registration } from '../../../src/core/clients/registration.ts'
import { commit } from '../../../src/core/sessions/sessions.ts'
import { sql } from '../../../src/lib/sql.ts'
import {
  CALLBACK,
  callBy,
  clientSession,
  dump,
  eventsOf,
  freshDatabase,
  insertClient,
  insertUser,
  member,
  run,
} from '../../support.ts'

freshDatabase()

const toSignOut = 'https://app.example/signed-out'
const revokedAt = (id: string) =>
  env.DB.prepare('SELECT revoked_at FROM sessions WHERE id = ?').bind(id).first('revoked_at')
const outbox = async (id: string) =>
  (await env.DB.prepare('SELECT count(*) AS n FROM logout_outbox WHERE id = ?').bind(id).first<number>('n'))!
const allow = (user_id: number, client_id: string, scope: string, when = sql`TRUE`) =>
  commit(env.DB, grantConsent(callBy(), { user_id, client_id, scope }, when))

describe('a client', () => {
  it('has an id and a secret of letters and digits, and only the hash is stored', async () => {
    const { client, secret } = await insertClient({ resources: ['https://api.example/'], third_party: true })
    expect(client.id).toMatch(/^[A-Za-z0-9]{24}$/)
    expect(secret).toMatch(/^[A-Za-z0-9]{43}$/)
    expect(JSON.stringify(await dump())).not.toContain(secret)
    expect(await findClient(env.DB, client.id)).toEqual(client)
    expect(await allClients(env.DB)).toContainEqual(client)
    expect(await findClient(env.DB, 'somebody')).toBeUndefined()
  })

  it('is known by its secret, which another one replaces at once', async () => {
    const { client, secret } = await insertClient()
    expect(await isSecretOf(client, secret)).toBe(true)
    for (const wrong of ['', secret.slice(1), `${secret} `, client.secret_hash!]) {
      expect(await isSecretOf(client, wrong)).toBe(false)
    }
    const rotated = await rotateClientSecret(callBy(), client.id)
    const now = (await findClient(env.DB, client.id))!
    expect([await isSecretOf(now, secret), await isSecretOf(now, rotated.secret)]).toEqual([false, true])
  })

  it('has no secret if it is public, and cannot be given one', async () => {
    const { client, secret } = await insertClient({ public: true })
    expect([client.secret_hash, secret]).toEqual([null, ''])
    expect(await isSecretOf(client, '')).toBe(false)
    await expect(rotateClientSecret(callBy(), client.id)).rejects.toMatchObject({ code: 'not_found' })
  })

  it('takes its sessions and consents along when it is deleted, and no others', async () => {
    const [{ client }, other, user] = [await insertClient(), await insertClient(), await member()]
    const session = await clientSession({ user_id: user.id, client_id: client.id, parent_id: user.sid })
    const spared = await clientSession({ user_id: user.id, client_id: other.client.id, parent_id: user.sid })
    for (const { id } of [client, other.client]) await allow(user.id, id, 'openid')
    await deleteClient(callBy(), client.id)
    const published = 'SELECT count(*) AS n FROM revocations WHERE session_id = ?'
    expect(await env.DB.prepare(published).bind(session).first('n')).toBe(1)
    expect(await env.DB.prepare('SELECT id FROM sessions WHERE id = ?').bind(session).first()).toBeNull()
    expect([await revokedAt(spared), await revokedAt(user.sid)]).toEqual([null, null])
    expect(await consentOf(env.DB, user.id, client.id)).toBeUndefined()
    expect(await consentOf(env.DB, user.id, other.client.id)).toBe('openid')
    await expect(deleteClient(callBy(), client.id)).rejects.toMatchObject({ code: 'not_found' })
  })

  it.each([
    ['an audience of this service', 'https://login.test/'],
    ['its userinfo', 'https://login.test/oauth/userinfo'],
    ['the audience of its own tokens', 'urn:ours'],
  ])('has no resource that is %s', async (_what, resource) => {
    const call = {
      ...callBy(),
      settings: { ...callBy().settings, PUBLIC_URL: 'https://login.test', JWT_AUDIENCE: 'urn:ours' },
    }
    const { output } = safeParse(registration, { name: 'X', redirect_uris: [CALLBACK], resources: [resource] })
    await expect(createClient(call, output as never)).rejects.toMatchObject({ code: 'invalid_body' })
  })

  it.each([
    [{ name: '' }, 'name'],
    [{ name: 'Safe\u202eetis' }, 'name'],
    [{ name: 'x'.repeat(65) }, 'name'],
    [{ redirect_uris: [] }, 'redirect_uris'],
    [{ scope: 'openid  email' }, 'scope'],
    [{ scope: '' }, 'scope'],
    [{ scope: 'open"id' }, 'scope'],
    [{ resources: ['api'] }, 'resources.0'],
    [{ resources: ['https://api.example/#x'] }, 'resources.0'],
    [{ public: true, pkce: false }, 'pkce'],
    [{ public: true, credentials: true }, 'credentials'],
    [{ backchannel_logout_uri: 'http://app.example/logout' }, 'backchannel_logout_uri'],
    [{ backchannel_logout_uri: 'com.example.app:/logout' }, 'backchannel_logout_uri'],
    [{ id_token_alg: 'none' }, 'id_token_alg'],
    [{ id_token_alg: 'HS256' }, 'id_token_alg'],
  ])('is not registered with %j', (given, field) => {
    const { issues } = safeParse(registration, { name: 'X', redirect_uris: [CALLBACK], ...given })
    expect(issues?.map(({ path }) => path?.map(({ key }) => key).join('.'))).toEqual([field])
  })
})

describe('an address for answers', () => {
  it.each([
    'https://app.example/callback',
    'https://app.example',
    'https://app.example:8443/a?b=c',
    'http://localhost/callback',
    'http://127.0.0.1:3000/callback',
    'http://[::1]/callback',
    'com.example.app:/callback',
    'com.example.app://callback',
  ])('may be %s', (address) => expect(isRedirectUri(address)).toBe(true))

  it.each([
    '',
    'app.example/callback',
    '//app.example/callback',
    '/callback',
    'http://app.example/callback',
    'http://localhost.app.example/',
    'http://127.0.0.2/',
    'https:app.example/',
    'https://app.example/#x',
    'https://app.example/callback#',
    'https://*.app.example/',
    'https://user@app.example/',
    'https://app.example\\@evil.example/',
    'https://app.example/a/../b',
    'https://APP.example/',
    'https://앱.example/',
    'https://app.example/ x',
    'https://app.example/\n',
    "https://app.example;script-src'x'/",
    'javascript:alert(1)',
    'data:text/html,x',
    'file:///etc/passwd',
    'myapp:/callback',
    'ws.example',
    `https://app.example/${'x'.repeat(500)}`,
  ])('is never %j', (address) => expect(isRedirectUri(address)).toBe(false))
})

describe('the session of a client', () => {
  it('ends with the session that granted it, unless it has offline_access, and its client is told in both cases', async () => {
    const [{ client }, user] = [await insertClient({ backchannel_logout_uri: toSignOut }), await member()]
    const granted = { user_id: user.id, client_id: client.id, parent_id: user.sid }
    const online = await clientSession(granted)
    const offline = await clientSession({ ...granted, scope: 'openid offline_access' })
    const lookalike = await clientSession({ ...granted, scope: 'openid my_offline_access offlineXaccess' })
    const other = await clientSession({ ...granted, parent_id: (await member()).sid })
    await run('UPDATE sessions SET revoked_at = 5 WHERE id = ?', user.sid)
    expect([await revokedAt(online), await revokedAt(lookalike)]).toEqual([5, 5])
    expect([await revokedAt(offline), await revokedAt(other)]).toEqual([null, null])
    expect([await outbox(online), await outbox(offline), await outbox(other)]).toEqual([1, 1, 0])
    const published = 'SELECT count(*) AS n FROM revocations WHERE session_id = ?'
    expect(await env.DB.prepare(published).bind(online).first('n')).toBe(1)
    await run('UPDATE sessions SET revoked_at = 6 WHERE id = ?', offline)
    expect(await outbox(offline)).toBe(1)
  })

  it.each([
    ['its user is disabled', 'UPDATE users SET disabled_at = 1 WHERE id = ?1'],
    ['its user is deleted', 'DELETE FROM users WHERE id = ?1'],
    [
      'an operator deletes the session that granted it',
      'DELETE FROM sessions WHERE user_id = ?1 AND client_id IS NULL',
    ],
    ['an operator deletes it', 'DELETE FROM sessions WHERE user_id = ?1 AND client_id IS NOT NULL'],
  ])('ends, is published, and its client is told once, when %s', async (_when, text) => {
    const [{ client }, user] = [await insertClient({ backchannel_logout_uri: toSignOut }), await member()]
    const id = await clientSession({ user_id: user.id, client_id: client.id, parent_id: user.sid })
    await run(text, user.id)
    expect(
      await env.DB.prepare('SELECT 1 AS n FROM sessions WHERE id = ? AND revoked_at IS NULL').bind(id).first(),
    ).toBeNull()
    const published = 'SELECT count(*) AS n FROM revocations WHERE session_id = ?'
    expect(await env.DB.prepare(published).bind(id).first('n')).toBe(1)
    expect(await outbox(id)).toBe(1)
  })

  it('tells nobody when it expires, or when the client has no address for that', async () => {
    const [{ client }, silent, user] = [
      await insertClient({ backchannel_logout_uri: toSignOut }),
      await insertClient(),
      await member(),
    ]
    const expired = await clientSession({ user_id: user.id, client_id: client.id })
    await run('UPDATE sessions SET expires_at = 1, tokens_until = 1 WHERE id = ?', expired)
    await run('DELETE FROM sessions WHERE expires_at = 1')
    const id = await clientSession({ user_id: user.id, client_id: silent.client.id })
    await run('UPDATE sessions SET revoked_at = 5 WHERE id = ?', id)
    expect([await outbox(expired), await outbox(id)]).toEqual([0, 0])
  })
})

describe('a consent', () => {
  it('covers what was allowed and nothing else', () => {
    expect(covers('openid email', 'email openid')).toBe(true)
    expect(covers('openid email', 'openid emails')).toBe(false)
    expect(covers(undefined, '')).toBe(false)
  })

  it('grows by what is allowed later, and is forgotten with everything when it is withdrawn', async () => {
    const [{ client }, user] = [await insertClient({ third_party: true }), await member()]
    await allow(user.id, client.id, 'openid email')
    await allow(user.id, client.id, 'openid read:all')
    await allow(user.id, client.id, 'write', sql`FALSE`)
    expect((await consentOf(env.DB, user.id, client.id))!.split(' ').sort()).toEqual(['email', 'openid', 'read:all'])
    const id = await clientSession({ user_id: user.id, client_id: client.id, scope: 'openid offline_access' })
    const [application] = await applicationsOf({ ...callBy() }, user.id)
    expect(application).toMatchObject({ client_id: client.id, name: 'The App', sessions: 1 })
    await withdrawConsent(callBy(), { user_id: user.id, client_id: client.id })
    await withdrawConsent(callBy(), { user_id: user.id, client_id: client.id })
    expect(await consentOf(env.DB, user.id, client.id)).toBeUndefined()
    expect(await revokedAt(id)).not.toBeNull()
    expect(await revokedAt(user.sid)).toBeNull()
    expect(await applicationsOf(callBy(), user.id)).toEqual([])
    const events = (await eventsOf(user.id)).filter((event) => event.startsWith('consent'))
    expect(events).toEqual(['consent_granted', 'consent_granted', 'consent_withdrawn'])
  })

  it('is not remembered for a client that is gone', async () => {
    const user = await insertUser()
    await allow(user.id, 'gone', 'openid')
    expect(await eventsOf(user.id)).toEqual([])
  })
})
