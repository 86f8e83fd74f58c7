import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import {
  bearer,
  call,
  callIn,
  clock,
  codeAt,
  ENV,
  enrolApp,
  eventsOf,
  expectProblem,
  freshDatabase,
  login,
  mails,
  member,
  now,
} from '../support.ts'

freshDatabase()

const list = async (token: string) =>
  (await call('GET', '/user/factors', bearer(token))).json<Record<string, unknown>>()
const turn = (token: string, on: boolean, own: Env = ENV) =>
  callIn(own, 'PUT', '/user/second-factor', { ...bearer(token), json: { on } })

describe('the factors of an account', () => {
  it('are none at first', async () => {
    const { token } = await member()
    expect(await list(token)).toEqual({ factors: [], recovery_codes_left: 0 })
  })

  it('are listed when they are confirmed, without their secrets', async () => {
    const user = await member()
    await call('POST', '/user/totp', bearer(user.token))
    expect(await list(user.token)).toMatchObject({ factors: [] })
    const { secret } = await enrolApp(user)
    const listed = await list(user.token)
    expect(listed).toEqual({
      factors: [{ id: expect.any(String), type: 'totp', name: null, created_at: now(), last_used_at: now() }],
      recovery_codes_left: 10,
    })
    expect(JSON.stringify(listed)).not.toContain(secret)
  })

  it('are the own ones alone', async () => {
    const [ann, bob] = [await member(), await member()]
    await enrolApp(ann)
    expect(await list(bob.token)).toEqual({ factors: [], recovery_codes_left: 0 })
  })
})

describe('the switch', () => {
  it('cannot be on without a second factor, nor off with an app', async () => {
    const user = await member()
    await expectProblem(await turn(user.token, true), 409, 'no_second_factor')
    expect((await turn(user.token, false)).status).toBe(204)
    const { secret } = await enrolApp(user)
    await expectProblem(await turn(user.token, false), 401, 'fresh_login_required')
    clock.forward(30)
    const json = { totp: await codeAt(secret) }
    const { access_token } = await (
      await call('POST', '/user/reauth', { ...bearer(user.token), json })
    ).json<{
      access_token: string
    }>()
    await expectProblem(await turn(access_token, false), 409, 'factor_exists')
    await expectProblem(await login(user.email), 403, 'second_factor_required')
    // On again: the codes of an answer that was lost are replaced.
    const again = await turn(access_token, true)
    expect((await again.json<{ recovery_codes: string[] }>()).recovery_codes).toHaveLength(10)
    expect(await eventsOf(user.id)).toContain('second_factor_on')
    expect(mails.at(-1)).toMatchObject({ to: user.email, subject: 'Latchkey: Signing in asks for a second factor' })
  })

  it('is off where the settings say that nobody has one', async () => {
    const user = await member()
    await expectProblem(
      await turn(user.token, true, { ...ENV, SECOND_FACTOR: 'off' } as Env),
      403,
      'second_factors_off',
    )
  })

  it('goes off for good, with the recovery codes, and says so', async () => {
    const user = await member()
    // As for somebody with a passkey who turned it on.
    await env.DB.batch([
      env.DB.prepare('UPDATE users SET second_factor = 1 WHERE id = ?').bind(user.id),
      env.DB.prepare(
        "INSERT INTO recovery_codes (user_id, hash) VALUES (?, '0123456789012345678901234567890123456789012')",
      ).bind(user.id),
      env.DB.prepare(`UPDATE sessions SET shown = json_object('password', ?1, 'totp', ?1) WHERE id = ?2`).bind(
        now(),
        user.sid,
      ),
    ])
    expect((await turn(user.token, false)).status).toBe(204)
    expect(await list(user.token)).toEqual({ factors: [], recovery_codes_left: 0 })
    expect((await login(user.email)).status).toBe(200)
    expect(mails.at(-1)).toMatchObject({ subject: 'Latchkey: The second factor was turned off' })
    expect(await eventsOf(user.id)).toContain('second_factor_off')
  })
})
