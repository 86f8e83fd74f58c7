import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { config } from '../../../src/config.ts'
import { deliverLogouts } from '../../../src/core/clients/logouts.ts'
import { publicKeys, verifyJwt } from '../../../src/core/keys/signing.ts'
import { disableUser } from '../../../src/features/admin/disable.ts'
import {
  bearer,
  call,
  callBy,
  clientSession,
  clock,
  ENV,
  freshDatabase,
  insertClient,
  lost,
  member,
  now,
  run,
  runCron,
  watchedDatabase,
} from '../../support.ts'

freshDatabase()

const DAY = 86_400
const URI = 'https://app.example/backchannel'

beforeEach(() => env.DB.prepare('DELETE FROM logout_outbox').run())
afterEach(() => void vi.restoreAllMocks())

type Asked = { url: string; init: RequestInit; token: string }

/** A receiver that answers so, and what it was sent. */
function receiver(answer: (url: string) => Promise<Response>): Asked[] {
  const asked: Asked[] = []
  vi.spyOn(globalThis, 'fetch').mockImplementation((url, init = {}) => {
    asked.push({ url: url as string, init, token: (init.body as URLSearchParams).get('logout_token')! })
    return answer(url as string)
  })
  return asked
}
const takes = () => Promise.resolve(new Response(null, { status: 200 }))
const refuses = () => Promise.resolve(new Response('no', { status: 400 }))
const quiet = () => vi.spyOn(console, 'error').mockImplementation(() => {})
const rows = async () =>
  (
    await env.DB.prepare('SELECT * FROM logout_outbox ORDER BY due_at, id').all<{
      id: string
      attempts: number
      due_at: number
    }>()
  ).results
const deliver = (own: Env = ENV) => deliverLogouts(own, config(own), now())

async function signedIn(scope = 'openid', registered = {}) {
  const [{ client }, user] = [await insertClient({ backchannel_logout_uri: URI, ...registered }), await member()]
  const sid = await clientSession({ user_id: user.id, client_id: client.id, parent_id: user.sid, scope })
  return { client, user, sid }
}

describe('a client with an address for that', () => {
  it.each(['RS256', 'ES256'] as const)('is told when its user signs out, by a token under %s', async (id_token_alg) => {
    const { client, user, sid } = await signedIn('openid', { id_token_alg })
    const asked = receiver(takes)
    clock.stop()
    expect((await call('POST', '/user/logout', bearer(user.token))).status).toBe(204)
    expect(asked).toHaveLength(1)
    const [{ url, init, token }] = asked as [Asked]
    expect([url, init.method, init.redirect]).toEqual([URI, 'POST', 'manual'])
    expect(await verifyJwt(config(ENV), token, { typ: 'logout+jwt' })).toEqual({
      iss: 'https://login.example',
      aud: client.id,
      sub: String(user.id),
      sid,
      iat: expect.any(Number),
      exp: now() + 120,
      jti: expect.stringMatching(/^[\w-]{22}$/),
      events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
    })
    const { alg, kid } = JSON.parse(atob(token.split('.')[0]!)) as { alg: string; kid: string }
    expect(alg).toBe(id_token_alg)
    expect(publicKeys(config(ENV)).map((key) => (key as { kid?: string }).kid)).toContain(kid)
    for (const typ of ['JWT', 'at+jwt'] as const) expect(await verifyJwt(config(ENV), token, { typ })).toBeUndefined()
    expect(await rows()).toEqual([])
  })

  it('is told of a sign-out though its session stays, with offline_access', async () => {
    const { user, sid } = await signedIn('openid offline_access')
    const asked = receiver(takes)
    await call('POST', '/user/logout', bearer(user.token))
    expect(asked).toHaveLength(1)
    expect(
      await env.DB.prepare('SELECT revoked_at FROM sessions WHERE id = ?').bind(sid).first('revoked_at'),
    ).toBeNull()
    await call('POST', '/user/logout/everywhere', bearer((await member()).token))
    expect(asked).toHaveLength(1)
  })

  it('is told of every session that ends, whoever ends it', async () => {
    const { client, user } = await signedIn()
    await clientSession({ user_id: user.id, client_id: client.id, parent_id: user.sid })
    const asked = receiver(takes)
    await disableUser(callBy({ actor: 'cli:test' }), user.id)
    expect(asked).toEqual([])
    await runCron()
    expect(asked).toHaveLength(2)
    await runCron()
    expect(asked).toHaveLength(2)
  })

  it('is told again, by a new token, until it answers', async () => {
    const { user } = await signedIn()
    const [errors, asked] = [quiet(), receiver(refuses)]
    clock.stop()
    await call('POST', '/user/logout', bearer(user.token))
    expect(await rows()).toMatchObject([{ attempts: 1, due_at: now() + 30 }])
    for (const [seconds, attempts] of [
      [29, 1],
      [1, 2],
      [60, 3],
    ] as const) {
      clock.forward(seconds)
      await deliver()
      expect(await rows()).toMatchObject([{ attempts }])
    }
    receiver(takes)
    clock.forward(120)
    await deliver()
    expect(await rows()).toEqual([])
    expect(new Set(asked.map(({ token }) => token)).size).toBe(3)
    const log = JSON.stringify(errors.mock.calls)
    expect(log).toContain('logout_not_told')
    expect(log).not.toMatch(/eyJ|app\.example/)
  })

  it('is given up after three days, with an audit row', async () => {
    const { user } = await signedIn()
    quiet()
    receiver(lost)
    clock.stop()
    await call('POST', '/user/logout', bearer(user.token))
    clock.forward(3 * DAY + 1)
    await runCron()
    expect(await rows()).toEqual([])
    const row = await env.DB.prepare(`SELECT user_id FROM audit_events WHERE event = 'logout_given_up'`).first()
    expect(row).toEqual({ user_id: user.id })
  })

  it('that does not answer holds up no other, and is asked once or twice in a pass', async () => {
    const [away, here] = [
      await signedIn(),
      await signedIn('openid', { backchannel_logout_uri: 'https://here.example/' }),
    ]
    for (let i = 0; i < 30; i++) {
      await clientSession({ user_id: away.user.id, client_id: away.client.id, parent_id: away.user.sid })
    }
    await run('UPDATE sessions SET revoked_at = 5 WHERE id = ?', away.user.sid)
    await run('UPDATE sessions SET revoked_at = 6 WHERE id = ?', here.user.sid)
    quiet()
    const asked = receiver((url) => (url === URI ? lost() : takes()))
    await run('UPDATE logout_outbox SET at = ?1, due_at = ?1', now())
    await deliver()
    expect(asked.filter(({ url }) => url === URI).length).toBeLessThanOrEqual(2)
    expect(asked.filter(({ url }) => url !== URI)).toHaveLength(1)
    expect(await rows()).toHaveLength(31)
  })

  it.each([
    ['http', 'http://app.example/backchannel'],
    ['another scheme', 'ftp://app.example/'],
    ['an address within a network', 'http://10.0.0.1/'],
    ['the metadata of a cloud', 'http://169.254.169.254/'],
  ])('is not told at an address that no operator could register (%s)', async (_what, uri) => {
    const { client, user } = await signedIn()
    await run('UPDATE clients SET backchannel_logout_uri = ? WHERE id = ?', uri, client.id)
    quiet()
    const asked = receiver(takes)
    await call('POST', '/user/logout', bearer(user.token))
    expect(asked).toEqual([])
    expect(await rows()).toHaveLength(1)
  })

  it('is not followed to where it redirects', async () => {
    const { user } = await signedIn()
    quiet()
    const to = { status: 307, headers: { Location: 'https://evil.example/' } }
    const asked = receiver(() => Promise.resolve(new Response(null, to)))
    await call('POST', '/user/logout', bearer(user.token))
    expect(asked.map(({ url }) => url)).toEqual([URI])
    expect(await rows()).toHaveLength(1)
  })

  it('is waited for no longer than five seconds', async () => {
    const { user } = await signedIn()
    quiet()
    const deadlines = clock.hurry()
    vi.spyOn(globalThis, 'fetch').mockImplementation(
      (_url, init) =>
        new Promise((_, reject) =>
          init!.signal!.addEventListener('abort', () => reject(init!.signal!.reason as Error)),
        ),
    )
    await call('POST', '/user/logout', bearer(user.token))
    expect(deadlines).toHaveBeenCalledWith(5_000)
    expect(await rows()).toMatchObject([{ attempts: 1 }])
  })

  it('is not told any more once its address is removed', async () => {
    const { client, user } = await signedIn()
    await run('UPDATE sessions SET revoked_at = 5 WHERE id = ?', user.sid)
    await run('UPDATE clients SET backchannel_logout_uri = NULL WHERE id = ?', client.id)
    await run('UPDATE logout_outbox SET due_at = 0, at = ?', now())
    const asked = receiver(takes)
    await deliver()
    expect([asked, await rows()]).toEqual([[], []])
  })
})

describe('a service without SIGNING_KEYS', () => {
  it('asks its outbox nothing, after a request or in a cron run', async () => {
    const { DB, texts } = watchedDatabase()
    const own = { ...ENV, SIGNING_KEYS: '', DB } as Env
    const { due } = callBy({ own })
    await deliver(own)
    expect(texts).toEqual([])
    expect(due.size).toBe(0)
  })
})
