import { env } from 'cloudflare:workers'
import bcrypt from 'bcryptjs'
import { describe, expect, it, vi } from 'vitest'
import {
  administrator,
  bearer,
  call,
  clock,
  eventsOf,
  expectProblem,
  freshDatabase,
  login,
  mailedToken,
  mailsTo,
  member,
  nobody,
  now,
  PASSWORD,
  register,
  runCron,
  stateFor,
  userAt,
  verify,
} from '../../support.ts'

freshDatabase()

const [HIS, HERS] = ['the password of the attacker', 'the password of the owner']

describe('a registration that nobody confirms', () => {
  const WEEK = 7 * 86_400

  it('is deleted after a week, with an audit row, and the address is free again', async () => {
    const [email, confirmed] = [nobody(), nobody()]
    clock.set(0)
    for (const address of [email, confirmed]) await register(address)
    expect((await verify(mailedToken(confirmed), PASSWORD)).status).toBe(204)
    const { id } = (await userAt(email))!
    const kept = [
      await member({ email_verified: 0 }), // imported
      await member({ email_verified: 0, hashed_password: null }),
      await member({ email_verified: 0, disabled_at: 1 }),
    ]
    clock.set(WEEK - 60)
    await runCron()
    expect(await userAt(email)).toMatchObject({ id })
    clock.set(WEEK + 1)
    await runCron()
    expect(await userAt(email)).toBeNull()
    expect((await eventsOf(id)).at(-1)).toBe('account_deleted')
    expect(await userAt(confirmed)).toMatchObject({ email_verified: 1 })
    for (const user of kept) expect(await userAt(user.email)).toMatchObject({ id: user.id })
    await register(email)
    expect(mailsTo(email).at(-1)!.subject).toBe('Latchkey: Confirm your email address')
  })

  it('waits another week when it is made again', async () => {
    const email = nobody()
    clock.set(0)
    await register(email)
    clock.set(WEEK - 60)
    await register(email)
    clock.set(WEEK + 1)
    await runCron()
    expect(await userAt(email)).not.toBeNull()
    clock.set(2 * WEEK)
    await runCron()
    expect(await userAt(email)).toBeNull()
  })

  it.each(['asked for again', 'of a reset that an administrator forced'])(
    'stays as long as a link is good that was %s in its last hour',
    async (which) => {
      const [admin, email] = [await administrator(), nobody()]
      clock.set(0)
      await register(email)
      const { id } = (await userAt(email))!
      await env.DB.prepare('UPDATE users SET unconfirmed_until = ? WHERE id = ?')
        .bind(now() + 60, id)
        .run()
      const forced = which.startsWith('of')
      if (forced) await call('POST', `/admin/users/${id}/reset`, bearer(admin.token))
      else await call('POST', '/user/email/resend', { json: { email } })
      clock.set(3_590)
      await runCron()
      const token = mailedToken(email)
      const set = () => call('POST', '/user/password/reset', { json: { token, password: HERS } })
      expect((await (forced ? set() : verify(token))).status).toBe(204)
      expect(await userAt(email)).toMatchObject({ id, email_verified: 1 })
    },
  )

  it('goes when that link is over', async () => {
    const email = nobody()
    clock.set(0)
    await register(email)
    await env.DB.prepare('UPDATE users SET unconfirmed_until = ? WHERE email = ?')
      .bind(now() + 60, email)
      .run()
    await call('POST', '/user/email/resend', { json: { email } })
    clock.set(3_601)
    await runCron()
    expect(await userAt(email)).toBeNull()
  })

  it('goes in bounded steps', async () => {
    await env.DB.prepare(
      `INSERT INTO users (email, hashed_password, email_verified, unconfirmed_until)
      SELECT 'squatter' || value || '@example.com', 'x', 0, 1 FROM json_each(?)`,
    )
      .bind(JSON.stringify(Array.from({ length: 600 }, (_, i) => i)))
      .run()
    const left = () => env.DB.prepare(`SELECT count(*) AS n FROM users WHERE email LIKE 'squatter%'`).first<number>('n')
    await runCron()
    expect(await left()).toBe(100)
    await runCron()
    expect(await left()).toBe(0)
  })

  it('gives way to a change of address that is confirmed', async () => {
    const [user, email] = [await member(), nobody()]
    await register(email, HIS)
    const squatter = (await userAt(email))!
    const json = { email, password: PASSWORD }
    expect((await call('POST', '/user/email', { json, ...bearer(user.token) })).status).toBe(202)
    expect(mailsTo(email).at(-1)!.subject).toBe('Latchkey: Confirm your new email address')
    expect(await userAt(email)).toEqual(squatter)
    expect((await verify(mailedToken(email), PASSWORD)).status).toBe(204)
    expect(await userAt(email)).toMatchObject({ id: user.id })
    expect((await eventsOf(squatter.id)).at(-1)).toBe('account_deleted')
    await expectProblem(await login(email, HIS), 401, 'invalid_credentials')
    expect((await login(email)).status).toBe(200)
  })

  it('gives way to an administrator who makes the account', async () => {
    const [admin, email] = [await administrator(), nobody()]
    await register(email, HIS)
    const squatter = (await userAt(email))!.id
    const json = { email, password: HERS, email_verified: true }
    expect((await call('POST', '/admin/users', { json, ...bearer(admin.token) })).status).toBe(201)
    expect((await userAt(email))!.id).not.toBe(squatter)
    expect((await eventsOf(squatter)).at(-1)).toBe('account_deleted')
    await isHersAlone(email)
    const again = await call('POST', '/admin/users', { json, ...bearer(admin.token) })
    await expectProblem(again, 409, 'email_taken')
  })

  it('gives way once, however many prove the address at the same moment', async () => {
    const email = nobody()
    await register(email, HIS)
    const movers = await Promise.all(Array.from({ length: 50 }, () => member()))
    const compare = vi.spyOn(bcrypt, 'compare').mockResolvedValue(true as never) // how long it takes is not what is tested
    const tokens = []
    for (const mover of movers) {
      await stateFor(email, (state) => ({ ...state, mails: { started_at: 0, sent: 0 } }))
      await call('POST', '/user/email', { json: { email, password: PASSWORD }, ...bearer(mover.token) })
      tokens.push(mailedToken(email))
    }
    const answers = await Promise.all(tokens.map((token) => verify(token)))
    compare.mockRestore()
    expect(answers.filter(({ status }) => status === 204)).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(49)
    expect(movers.map(({ id }) => id)).toContain((await userAt(email))!.id)
  })

  async function isHersAlone(email: string): Promise<void> {
    await expectProblem(await login(email, HIS), 401, 'invalid_credentials')
    expect((await login(email, HERS)).status).toBe(200)
  }
})
