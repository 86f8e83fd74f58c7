import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import type { SignedInCall } from '../../../src/core/call.ts'
import { confirm } from '../../../src/signing-in/confirm.ts'
import type { Problem } from '../../../src/problem.ts'
import {
  askCode,
  type Begun,
  bearer,
  call,
  callBy,
  callFrom,
  callIn,
  CALM,
  claimsOf,
  clock,
  codeFor,
  ENV,
  enterCode,
  eventsOf,
  expectProblem,
  freshAddress,
  freshDatabase,
  login,
  mailedCode,
  mailsTo,
  member,
  nobody,
  otherThan,
  PASSWORD,
  run,
  runCron,
  seen,
  stateFor,
  watchedIsolate,
} from '../../support.ts'

freshDatabase()

const sessionsOf = async (user_id: number) =>
  (await env.DB.prepare('SELECT id, methods FROM sessions WHERE user_id = ?').bind(user_id).all()).results

describe('POST /user/login/code/verify', () => {
  it('signs in with the code and the ticket', async () => {
    const { id, email } = await member()
    const { ticket, code } = await codeFor(email)
    const answer = await enterCode(ticket, ` ${code.toLowerCase().replace('-', ' ')}`)
    expect(answer.status).toBe(200)
    const { access_token, device_token } = await answer.json<{ access_token: string; device_token: string }>()
    expect(device_token).toMatch(/^lkd_/)
    expect((await call('POST', '/action', bearer(access_token))).status).toBe(200)
    expect(claimsOf(access_token)).toMatchObject({ user_id: id, acr: 'aal1' })
    expect(await sessionsOf(id)).toContainEqual({ id: claimsOf(access_token).sid, methods: '["code"]' })
    expect((await eventsOf(id)).slice(-2)).toEqual(['login_code_requested', 'login_succeeded'])
    expect((await stateFor(email)).devices).toHaveLength(1)
  })

  it('signs in an account without a password', async () => {
    const { email } = await member({ hashed_password: null })
    const { ticket, code } = await codeFor(email)
    expect((await enterCode(ticket, code)).status).toBe(200)
  })

  it('works once, and makes the other codes of the account void', async () => {
    const { email } = await member()
    const [first, second] = [await codeFor(email), await codeFor(email)]
    expect((await enterCode(second.ticket, second.code)).status).toBe(200)
    await expectProblem(await enterCode(second.ticket, second.code), 401, 'invalid_ticket')
    await expectProblem(await enterCode(first.ticket, first.code), 401, 'invalid_ticket')
  })

  it('refuses the code with the ticket of another, of another kind, and without one', async () => {
    const [mine, theirs] = [await member(), await member()]
    const [{ code }, other] = [await codeFor(mine.email), await codeFor(theirs.email)]
    await expectProblem(await enterCode(other.ticket, code), 401, 'invalid_code')
    for (const ticket of ['', 'lkt_', mine.refresh_token, mine.token, `${other.ticket}A`, 'x'.repeat(5_000)]) {
      await expectProblem(await enterCode(ticket, other.code), 401, 'invalid_ticket')
    }
    const json = { ticket: other.ticket }
    await expectProblem(await call('POST', '/user/login/code/verify', { json }), 422, 'invalid_body')
    expect((await enterCode(other.ticket, other.code)).status).toBe(200)
  })

  it('takes what cannot be a code for a wrong one, without counting it', async () => {
    const { email } = await member()
    const { ticket, code } = await codeFor(email)
    for (let i = 0; i < 10; i++) await expectProblem(await enterCode(ticket, 'ABC'), 401, 'invalid_code')
    expect((await enterCode(ticket, code)).status).toBe(200)
  })

  it('says the same of a wrong code whether there is an account or not', async () => {
    const { email } = await member()
    const answers = []
    for (const address of [email, nobody(), 'no address']) {
      const { ticket } = await (await askCode(address)).json<Begun>()
      const own = []
      for (let i = 0; i < 4; i++) own.push(await seen(await enterCode(ticket, 'ABCD-EFGH')))
      answers.push(own)
    }
    expect(answers[0]![0]).toMatchObject({ status: 401 })
    for (const own of answers) expect(own).toEqual(answers[0])
  })

  it('asks as much of the database for an unknown address as for a known one', async () => {
    const counts = []
    for (const address of [(await member()).email, nobody()]) {
      const isolate = watchedIsolate()
      const json = { email: address }
      const { ticket } = await (await callIn(isolate.env, 'POST', '/user/login/code', { json })).json<Begun>()
      const guess = { ticket, code: 'ABCD-EFGH' }
      await callIn(isolate.env, 'POST', '/user/login/code/verify', { json: guess })
      counts.push(isolate.texts.filter((text) => !/outbox SET|FROM outbox/.test(text)))
    }
    expect(counts[1]).toEqual(counts[0])
    expect(counts[0]!.length).toBeGreaterThan(4)
  })

  it.each([
    ['the password changes', 'UPDATE users SET password_set_at = 1 WHERE id = ?'],
    ['the address changes', "UPDATE users SET email = 'moved' || id || '@example.com' WHERE id = ?"],
    ['all sessions end', 'UPDATE users SET epoch = epoch + 1 WHERE id = ?'],
    ['the account is disabled', 'UPDATE users SET disabled_at = 1 WHERE id = ?'],
    ['a second factor is asked for from now on', 'UPDATE users SET second_factor = 1 WHERE id = ?'],
  ])('is void once %s', async (_when, change) => {
    const { id, email } = await member()
    const { ticket, code } = await codeFor(email)
    await run(change, id)
    await expectProblem(await enterCode(ticket, code), 401, 'invalid_code')
    expect(await sessionsOf(id)).toHaveLength(1)
  })

  it('is void once the account is gone', async () => {
    const { id, email } = await member()
    const { ticket, code } = await codeFor(email)
    await run('DELETE FROM users WHERE id = ?', id)
    await expectProblem(await enterCode(ticket, code), 401, 'invalid_ticket')
  })

  it('is void after ten minutes, before and after the clean-up', async () => {
    const { email } = await member()
    const { ticket, code } = await codeFor(email)
    clock.forward(599)
    await expectProblem(await enterCode(ticket, otherThan(code)), 401, 'invalid_code')
    clock.forward(1)
    await expectProblem(await enterCode(ticket, code), 401, 'invalid_ticket')
    await runCron()
    await expectProblem(await enterCode(ticket, code), 401, 'invalid_ticket')
  })

  it('is void after LATCHKEY_SECRET was replaced', async () => {
    const { email } = await member()
    const json = await codeFor(email)
    const own = {
      ...ENV,
      LATCHKEY_SECRET: 'only-for-tests: the secret after a rotation',
      LATCHKEY_SECRET_PREVIOUS: ENV.LATCHKEY_SECRET,
    } as Env
    await expectProblem(await callIn(own, 'POST', '/user/login/code/verify', { json }), 401, 'invalid_ticket')
  })
})

describe('the guesses at a code', () => {
  it('are five, one after another, and then the right one is refused', async () => {
    const { email } = await member()
    const { ticket, code } = await codeFor(email)
    for (let i = 0; i < 5; i++) {
      await expectProblem(await enterCode(ticket, otherThan(code)), 401, 'invalid_code')
      clock.forward(20)
    }
    await expectProblem(await enterCode(ticket, code), 401, 'invalid_ticket')
  })

  it('are at most five of fifty at the same time', async () => {
    const { id, email } = await member()
    const { ticket, code } = await codeFor(email)
    const answers = await Promise.all(Array.from({ length: 50 }, () => enterCode(ticket, otherThan(code))))
    const statuses = answers.map(({ status }) => status)
    expect(statuses.filter((status) => status === 200)).toEqual([])
    const row = await env.DB.prepare('SELECT guesses FROM login_codes WHERE user_id = ?').bind(id).first('guesses')
    expect(row).toBeLessThanOrEqual(5)
    const compared = (await eventsOf(id)).filter((event) => event === 'login_failed: wrong_code')
    expect(compared.length).toBeLessThanOrEqual(5)
  })

  it('are at most five, also if the doorkeeper admitted all of them', async () => {
    const { id, email } = await member()
    const { ticket, code } = await codeFor(email)
    const admitting = {
      getByName: () => ({
        admit: () => Promise.resolve({ ok: true, bucket: 'code: stranger' }),
        settle: () => Promise.resolve(),
      }),
    } as unknown as Env['DOORKEEPER']
    const own = { ...ENV, DOORKEEPER: admitting }
    const json = { ticket, code: otherThan(code) }
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => callIn(own, 'POST', '/user/login/code/verify', { json })),
    )
    const codes = await Promise.all(answers.map(async (answer) => (await answer.json<{ code: string }>()).code))
    expect(codes.filter((one) => one === 'invalid_code')).toHaveLength(5)
    expect(codes.filter((one) => one === 'invalid_ticket')).toHaveLength(45)
    expect((await eventsOf(id)).filter((event) => event === 'login_failed: wrong_code')).toHaveLength(5)
    await expectProblem(await enterCode(ticket, code), 401, 'invalid_ticket')
  })

  it('lets one of fifty right ones win', async () => {
    const { id, email } = await member()
    const { ticket, code } = await codeFor(email)
    const answers = await Promise.all(Array.from({ length: 50 }, () => enterCode(ticket, code)))
    const won = answers.filter(({ status }) => status === 200)
    expect(won).toHaveLength(1)
    expect(await sessionsOf(id)).toHaveLength(2)
    expect((await eventsOf(id)).filter((event) => event === 'login_succeeded')).toHaveLength(2)
  })

  it('count for the account over all tickets: 200 over 50 tickets, and no more than its budget is compared', async () => {
    const { id, email } = await member()
    const { device_token } = await (await login(email)).json<{ device_token: string }>()
    const tickets: string[] = []
    for (let i = 0; i < 50; i++) {
      const answer = await callFrom(freshAddress(), CALM, 'POST', '/user/login/code', { email })
      tickets.push((await answer.json<Begun>()).ticket)
    }
    const guesses = tickets.flatMap((ticket) => Array.from({ length: 4 }, () => ({ ticket, code: 'ABCD-EFGH' })))
    const answers = await Promise.all(
      guesses.map((json) => callFrom(freshAddress(), CALM, 'POST', '/user/login/code/verify', json)),
    )
    const codes = await Promise.all(answers.map(async (answer) => (await answer.json<{ code: string }>()).code))
    expect(codes.filter((one) => one === 'invalid_code').length).toBeLessThanOrEqual(5)
    expect(codes.filter((one) => one === 'too_many_attempts').length).toBeGreaterThan(0)
    expect((await eventsOf(id)).filter((event) => event === 'login_failed: wrong_code').length).toBeLessThanOrEqual(5)

    // The owner gets in with a device that signed in before, with the code and with the password.
    const { ticket } = await (await askCode(email, { device_token })).json<Begun>()
    expect((await enterCode(ticket, mailedCode(email))).status).toBe(200)
    expect((await call('POST', '/user/login', { json: { email, password: 'wrong', device_token } })).status).toBe(401)
  })

  it('are not forgotten after a right password', async () => {
    const { email } = await member()
    const { ticket, code } = await codeFor(email)
    for (let i = 0; i < 3; i++) await enterCode(ticket, otherThan(code))
    expect((await login(email)).status).toBe(200)
    expect((await stateFor(email)).buckets['code: stranger']).toMatchObject({ failures: 3 })
  })

  it('are forgotten after a right code', async () => {
    const { email } = await member()
    const { ticket, code } = await codeFor(email)
    for (let i = 0; i < 3; i++) await enterCode(ticket, otherThan(code))
    expect((await enterCode(ticket, code)).status).toBe(200)
    expect((await stateFor(email)).buckets).toEqual({})
  })

  it('reach no database past the budget of the account', async () => {
    const { email } = await member()
    const { ticket } = await codeFor(email)
    const blocked = { failures: 20, blocked_until: Math.floor(Date.now() / 1000) + 60, used_at: 0 }
    await stateFor(email, (state) => ({ ...state, buckets: { 'code: stranger': blocked } }))
    const isolate = watchedIsolate()
    const json = { ticket, code: 'ABCD-EFGH' }
    const answer = await callIn(isolate.env, 'POST', '/user/login/code/verify', { json })
    expect(answer.headers.get('Retry-After')).toBe('60')
    await expectProblem(answer, 429, 'too_many_attempts')
    expect(isolate.calls).toEqual([])
  })
})

describe('a code after a password, where the settings demand a second factor', () => {
  const own = { ...ENV, SECOND_FACTOR: 'everyone' } as Env
  const post = (path: string, json: object) => callIn(own, 'POST', path, { json })
  const demanded = async (answer: Response) => expectProblem(answer, 403, 'second_factor_enrolment_required')

  it('is mailed with the ticket of the password, and leads to the enrolment, not to a session', async () => {
    const { id, email } = await member()
    const first = await demanded(await post('/user/login', { email, password: PASSWORD }))
    expect(first.methods).toEqual(['code'])
    clock.forward(60)
    const begun = await (await post('/user/login/code', { ticket: first.ticket })).json<Begun>()
    expect(begun.expires_in).toBe(540) // of the first step
    const code = mailedCode(email)
    const second = await demanded(await post('/user/login/code/verify', { ticket: begun.ticket, code }))
    expect(second).toMatchObject({ expires_in: 540, ticket: expect.stringMatching(/^lkt_/) })
    expect(second.methods).not.toContain('code')
    expect(await sessionsOf(id)).toHaveLength(1)
    // The code is used up, and what it gave opens nothing.
    await expectProblem(await post('/user/login/code/verify', { ticket: begun.ticket, code }), 401, 'invalid_ticket')
    for (const ticket of [first.ticket, second.ticket, begun.ticket] as string[]) {
      await expectProblem(await call('GET', '/user/me', bearer(ticket)), 401, 'invalid_token')
    }
  })

  it('is not mailed with a ticket that ended, that is of another kind, or whose account has changed', async () => {
    const { id, email } = await member()
    const { ticket } = await demanded(await post('/user/login', { email, password: PASSWORD }))
    const other = await codeFor(email)
    const before = mailsTo(email).length
    for (const wrong of ['lkt_nonsense', other.ticket]) {
      await expectProblem(await post('/user/login/code', { ticket: wrong }), 401, 'invalid_ticket')
    }
    await run('UPDATE users SET epoch = epoch + 1 WHERE id = ?', id)
    await expectProblem(await post('/user/login/code', { ticket }), 401, 'invalid_ticket')
    expect(mailsTo(email)).toHaveLength(before)
  })

  it('is no second factor', async () => {
    const { email } = await member()
    const { ticket, code } = await codeFor(email)
    const asked = await expectProblem(
      await post('/user/login/code/verify', { ticket, code }),
      403,
      'second_factor_required',
    )
    expect(asked.methods).toEqual(['password'])
  })
})

describe('a code for somebody who is signed in', () => {
  const signedInCall = async ({ id, sid }: { id: number; sid: string }): Promise<SignedInCall> => ({
    ...callBy(),
    session: { id: sid, user_id: id, auth_time: 0, expires_at: 9e9, roles: [], acr: 'aal1', amr: [] } as never,
  })
  const codeOf = (input: object, user: { id: number; sid: string }) =>
    signedInCall(user).then((asked) => confirm(asked, input))
  const refusal = (promise: Promise<unknown>) =>
    promise.then(
      () => 'accepted',
      (problem: unknown) => (problem as Problem).code,
    )

  it('proves that it is they, once', async () => {
    const user = await member()
    const input = await codeFor(user.email)
    const proof = await codeOf(input, user)
    expect(proof).toMatchObject({ user: { id: user.id }, methods: ['code'], session: { id: user.sid } })
    expect(proof.spends).toHaveLength(1)
  })

  it('must be theirs, with an account or without, and burns nothing of another', async () => {
    const [mine, theirs] = [await member(), await member()]
    const code = await codeFor(theirs.email)
    expect(await refusal(codeOf(code, mine))).toBe('invalid_ticket')
    const unknown = await codeFor(nobody())
    expect(await refusal(codeOf({ ...unknown, code: 'ABCD-EFGH' }, mine))).toBe('invalid_ticket')
    expect((await enterCode(code.ticket, code.code)).status).toBe(200)
  })

  it('must be theirs, even if both accounts have the same address in two spellings', async () => {
    const first = await member({ email: 'twin@xn--bcher-kva.example' })
    const second = await member({ email: 'twin@bücher.example' })
    const code = await codeFor('twin@bücher.example')
    expect(await refusal(codeOf({ ...code, code: mailedCode(first.email) }, second))).toBe('invalid_ticket')
    expect(await refusal(codeOf({ ...code, code: mailedCode(first.email) }, first))).toBe('accepted')
  })

  it('counts wrong ones for all sessions together', async () => {
    const user = await member()
    const { ticket, code } = await codeFor(user.email)
    expect(await refusal(codeOf({ ticket, code: otherThan(code) }, user))).toBe('invalid_code')
    expect((await stateFor(user.email)).buckets['code: sessions']).toMatchObject({ failures: 1 })
  })
})
