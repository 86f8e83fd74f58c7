import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import {
  administrator,
  bearer,
  call,
  callWith,
  clock,
  ENV,
  expectProblem,
  freshDatabase,
  member,
  now,
  ORIGIN,
  PASSWORD,
  sessionFor,
} from '../support.ts'

freshDatabase()

const NEW = 'a brand new battery staple'
const hashOf = (id: number) =>
  env.DB.prepare('SELECT hashed_password FROM users WHERE id = ?').bind(id).first<{ hashed_password: string | null }>()

/** Pretends when the session last saw what. */
const shown = (sid: string, methods: Record<string, number>) =>
  env.DB.prepare('UPDATE sessions SET shown = ? WHERE id = ?').bind(JSON.stringify(methods), sid).run()

const asksForTwo = (id: number) => env.DB.prepare('UPDATE users SET second_factor = 1 WHERE id = ?').bind(id).run()

describe('a session that was stolen', () => {
  it('sets no password after it removed the one that it does not know, and deletes nothing', async () => {
    const { token } = await member()
    clock.forward(540)
    expect((await call('DELETE', '/user/password', bearer(token))).status).toBe(204)
    const set = await call('POST', '/user/password', { json: { new_password: NEW }, ...bearer(token) })
    await expectProblem(set, 401, 'fresh_login_required')
    await expectProblem(await call('DELETE', '/user/me', { json: {}, ...bearer(token) }), 401, 'fresh_login_required')
    const moved = await call('POST', '/user/email', { json: { email: 'thief@example.com' }, ...bearer(token) })
    await expectProblem(moved, 401, 'fresh_login_required')
  })

  it('removes no password with a second factor alone', async () => {
    const { id } = await member()
    await asksForTwo(id)
    const { token, sid } = await sessionFor(id, ['password', 'totp'])
    await shown(sid, { password: now() - 601, totp: now() })
    await expectProblem(await call('DELETE', '/user/password', bearer(token)), 401, 'fresh_login_required')
    expect((await hashOf(id))!.hashed_password).not.toBeNull()
  })

  it.each(['identity', 'code'])(
    'that began with another word for its owner (%s) adds and removes no factor',
    async (method) => {
      const { id } = await member()
      const { token } = await sessionFor(id, [method])
      for (const [verb, path] of [
        ['POST', '/user/totp'],
        ['POST', '/user/passkeys/options'],
        ['DELETE', '/user/password'],
        ['DELETE', '/user/identities/google'],
      ] as const) {
        await expectProblem(await call(verb, path, bearer(token)), 401, 'fresh_login_required')
      }
      const form = new URLSearchParams({ connect: 'yes' })
      const headers = { Cookie: `__Host-latchkey=${token}`, 'Sec-Fetch-Site': 'same-origin' }
      const page = await call('POST', '/account/identities/google', { body: form, headers })
      expect([page.status, page.headers.get('Location')]).toEqual([303, '/account/confirm?return_to=/account/security'])
    },
  )

  it.each([
    ['DELETE', '/user/me', { totp: '123456' }],
    ['POST', '/user/email', { email: 'thief@example.com', totp: '123456' }],
    ['DELETE', '/user/me', { ticket: 'lkt_x', code: 'ABCDEFGH' }],
  ])('changes nothing with another method, where the account has a password: %s %s', async (method, path, json) => {
    const { token } = await member()
    const { errors } = await expectProblem(await call(method, path, { json, ...bearer(token) }), 422, 'invalid_body')
    expect(errors).toEqual([{ field: 'password', code: 'required' }])
  })

  it('of before a second factor changes nothing while it waits', async () => {
    const { id, token } = await member()
    const { deleteAccount } = await import('../../src/features/account/delete.ts')
    const { liveSession } = await import('../../src/core/sessions/sessions.ts')
    const { callBy, claimsOf } = await import('../support.ts')
    const by = callBy()
    const claims = claimsOf(token) as { sid: string; auth_time: number; exp: number }
    const claimed = { id: claims.sid, user_id: id, auth_time: claims.auth_time, expires_at: claims.exp, roles: [] }
    const session = (await liveSession(env.DB, { ...claimed, acr: 'aal1' }, { now: now(), ways: by.registry.methods }))!
    await asksForTwo(id) // after the guard has looked
    await expect(deleteAccount({ ...by, session }, { password: PASSWORD })).rejects.toMatchObject({ status: 401 })
    expect(await hashOf(id)).not.toBeNull()
  })
})

describe('a body that is held back', () => {
  it('does not outlast the session of the administrator who sends it', async () => {
    const [admin, friend] = [await administrator(), await member()]
    let finish = () => {}
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        const bytes = new TextEncoder().encode(JSON.stringify({ roles: ['admin'] }))
        controller.enqueue(bytes.slice(0, 5))
        finish = () => {
          controller.enqueue(bytes.slice(5))
          controller.close()
        }
      },
    })
    const headers = { Authorization: `Bearer ${admin.token}`, 'Content-Type': 'application/json' }
    const answer = callWith(ENV, `${ORIGIN}/admin/users/${friend.id}/roles`, { method: 'PUT', headers, body })
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect((await call('POST', '/user/logout/everywhere', bearer(admin.token))).status).toBe(204)
    finish()
    await expectProblem(await answer, 401, 'invalid_token')
    const row = await env.DB.prepare('SELECT roles FROM users WHERE id = ?').bind(friend.id).first()
    expect(row).toEqual({ roles: '[]' })
  })
})
