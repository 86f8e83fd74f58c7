import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { newTicket, writeTicket } from '../../src/core/ticket.ts'
import { resealSecrets } from '../../src/features/totp/reseal.ts'
import { addressOf, stepOf } from '../../src/features/totp/codes.ts'
import {
  bearer,
  call,
  callBy,
  callIn,
  claimsOf,
  clock,
  codeAt,
  ENV,
  enrolApp,
  eventsOf,
  expectProblem,
  freshDatabase,
  login,
  mails,
  meanwhile,
  member,
  now,
  PASSWORD,
  runCron,
  stateFor,
  ticketFor,
  wrongCode,
  type Member,
} from '../support.ts'

freshDatabase()

const signIn = (ticket: string, code: string, own: Env = ENV) =>
  callIn(own, 'POST', '/user/login/totp', { json: { ticket, code } })
const reauth = (token: string, json: object) => call('POST', '/user/reauth', { ...bearer(token), json })
const confirm = (token: string, code: string) =>
  call('POST', '/user/totp/confirm', { ...bearer(token), json: { code } })
const remove = (token: string) => call('DELETE', '/user/totp', bearer(token))

/** Somebody with an app, thirty seconds after it was enrolled. */
async function protectedMember(): Promise<Member & { secret: string; recovery_codes: string[] }> {
  const user = await member()
  const app = await enrolApp(user)
  clock.forward(30)
  return { ...user, ...app }
}

const rowOf = (user_id: number) =>
  env.DB.prepare('SELECT * FROM totp WHERE user_id = ?').bind(user_id).first<Record<string, string | number | null>>()

describe('the arithmetic', () => {
  // RFC 6238 appendix B, SHA-1: the last six of its eight digits.
  const secret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'
  it.each([
    [59, '287082'],
    [1111111109, '081804'],
    [1111111111, '050471'],
    [1234567890, '005924'],
    [2000000000, '279037'],
    [20000000000, '353130'],
  ])('is that of RFC 6238 at %i', async (at, code) => {
    expect(await stepOf(code, { secret, last_step: -1, now: at })).toBe(Math.floor(at / 30))
    expect(await codeAt(secret, at)).toBe(code)
  })

  it('accepts a code one step early or late, and no other', async () => {
    const at = 1_800_000_015
    const step = Math.floor(at / 30)
    for (let offset = -90; offset <= 90; offset++) {
      const of = Math.floor((at + offset) / 30)
      const expected = Math.abs(of - step) <= 1 ? of : undefined
      expect(await stepOf(await codeAt(secret, at + offset), { secret, last_step: 0, now: at })).toBe(expected)
    }
  })

  it('tries every newer step, because neighbours can have the same code', async () => {
    const [step, code] = [62_075_368, '235522'] // found by trying
    const at = step * 30
    expect([await codeAt(secret, at), await codeAt(secret, at + 30)]).toEqual([code, code])
    expect(await stepOf(code, { secret, last_step: step - 1, now: at })).toBe(step)
    expect(await stepOf(code, { secret, last_step: step, now: at })).toBe(step + 1)
    expect(await stepOf(code, { secret, last_step: step + 1, now: at })).toBeUndefined()
  })

  it.each([
    ['Latchkey', 'ann@example.com', 'otpauth://totp/Latchkey:ann%40example.com?issuer=Latchkey&'],
    ['My: App', 'a:b@example.com', 'otpauth://totp/My%20App:ab%40example.com?issuer=My%20App&'],
    ['my+app & co', 'ann@example.com', 'otpauth://totp/my%2Bapp%20%26%20co:ann%40example.com?'],
    ['빗장', 'ann@example.com', 'otpauth://totp/%EB%B9%97%EC%9E%A5:ann%40example.com?'],
    [':', 'ann@example.com', 'otpauth://totp/ann%40example.com?secret='],
  ])('names an account of %s for %s so that apps read it', (issuer, account, start) => {
    const address = addressOf(secret, { issuer, account })
    expect(address.slice(0, start.length)).toBe(start)
    expect(address).toContain(`secret=${secret}&algorithm=SHA1&digits=6&period=30`)
    expect(address).not.toContain('+')
  })

  it('keeps the address short, cut between syllables', () => {
    const address = addressOf(secret, { issuer: '가'.repeat(64), account: 'ann@example.com' })
    expect(decodeURIComponent(address)).toContain(`/${'가'.repeat(24)}:ann@example.com?issuer=${'가'.repeat(24)}&`)
  })
})

describe('enrolling an app', () => {
  it('shows the secret once, and nothing asks for codes until one has confirmed it', async () => {
    const user = await member()
    const answer = await call('POST', '/user/totp', bearer(user.token))
    expect(answer.status).toBe(201)
    const { secret, uri, qr } = await answer.json<Record<'secret' | 'uri' | 'qr', string>>()
    expect(secret).toMatch(/^[A-Z2-7]{32}$/)
    expect(uri).toBe(
      `otpauth://totp/Latchkey:${encodeURIComponent(user.email)}?issuer=Latchkey&secret=${secret}&algorithm=SHA1&digits=6&period=30`,
    )
    expect(qr).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" viewBox="0 0 (\d+) \1"/)
    expect((await login(user.email)).status).toBe(200)
    const row = await rowOf(user.id)
    expect(JSON.stringify(row)).not.toContain(secret)
    expect(row).toMatchObject({ confirmed_at: null, key_name: expect.stringMatching(/^[\w-]{8}$/) })

    const confirmed = await confirm(user.token, await codeAt(secret))
    expect(confirmed.status).toBe(200)
    const { recovery_codes } = await confirmed.json<{ recovery_codes: string[] }>()
    expect(new Set(recovery_codes).size).toBe(10)
    await expectProblem(await login(user.email), 403, 'second_factor_required')
    expect(await eventsOf(user.id)).toContain('totp_added')
    expect(mails.filter(({ to }) => to === user.email).map(({ subject }) => subject)).toEqual([
      'Latchkey: An authenticator app was added',
    ])
  })

  it('lets the code that enrolled it sign nobody in', async () => {
    const user = await member()
    const { secret } = await enrolApp(user)
    const ticket = await ticketFor(user.email)
    await expectProblem(await signIn(ticket, await codeAt(secret)), 401, 'invalid_code')
    clock.forward(30)
    expect((await signIn(ticket, await codeAt(secret))).status).toBe(200)
  })

  it('begins again with another secret, and refuses a second app', async () => {
    const user = await member()
    const begin = async () =>
      (await (await call('POST', '/user/totp', bearer(user.token))).json<{ secret: string }>()).secret
    const [first, second] = [await begin(), await begin()]
    expect(first).not.toBe(second)
    await expectProblem(await confirm(user.token, await codeAt(first)), 401, 'invalid_code')
    expect((await confirm(user.token, await codeAt(second))).status).toBe(200)
    clock.forward(30)
    const { token } = await fresh(user, second)
    await expectProblem(await call('POST', '/user/totp', bearer(token)), 409, 'factor_exists')
    await expectProblem(await confirm(token, await codeAt(second)), 404, 'not_found')
  })

  it('waits ten minutes for the code, and not longer', async () => {
    const user = await member()
    const { secret } = await (await call('POST', '/user/totp', bearer(user.token))).json<{ secret: string }>()
    clock.forward(600)
    await expectProblem(await confirm(user.token, await codeAt(secret)), 404, 'not_found')
    await runCron()
    expect(await rowOf(user.id)).toBeNull()
  })

  it('needs the password within ten minutes, and a second factor once there is one', async () => {
    const user = await member()
    clock.forward(601)
    await expectProblem(await call('POST', '/user/totp', bearer(user.token)), 401, 'fresh_login_required')
    const { access_token } = await (
      await reauth(user.token, { password: 'a password of somebody' })
    ).json<{
      access_token: string
    }>()
    const { secret } = await enrolApp({ token: access_token })
    // The session showed the app only to enrol it.
    await expectProblem(await remove(access_token), 401, 'fresh_login_required')
    clock.forward(30)
    const { token } = await fresh({ token: access_token }, secret)
    expect((await remove(token)).status).toBe(204)
  })

  it('needs LATCHKEY_SECRET, because JWT_SECRET_KEY may be known elsewhere', async () => {
    const user = await member()
    const own = { ...ENV, LATCHKEY_SECRET: '', LATCHKEY_SECRET_PREVIOUS: ENV.LATCHKEY_SECRET } as Env
    const signed = await call('POST', '/user/login', {
      json: { email: user.email, password: 'a password of somebody' },
    })
    const { access_token } = await signed.json<{ access_token: string }>()
    const answer = await callIn(own, 'POST', '/user/totp', bearer(access_token))
    expect(await expectProblem(answer, 503, 'not_ready')).toMatchObject({
      errors: [{ field: 'LATCHKEY_SECRET', code: 'missing' }],
    })
  })

  it('is not possible where the settings say that nobody enrols one', async () => {
    const user = await member()
    const own = { ...ENV, SECOND_FACTOR: 'off' } as Env
    await expectProblem(await callIn(own, 'POST', '/user/totp', bearer(user.token)), 403, 'second_factors_off')
  })
})

/** The session of a user, made fresh with a code. */
async function fresh(user: { token: string }, secret: string): Promise<{ token: string }> {
  const answer = await reauth(user.token, { totp: await codeAt(secret) })
  expect(answer.status).toBe(200)
  return { token: (await answer.json<{ access_token: string }>()).access_token }
}

describe('signing in', () => {
  it('takes the code after the password, and says in the token that there were two', async () => {
    const user = await protectedMember()
    const answer = await signIn(await ticketFor(user.email), await codeAt(user.secret))
    expect(answer.status).toBe(200)
    const { access_token } = await answer.json<{ access_token: string }>()
    expect(claimsOf(access_token)).toMatchObject({ acr: 'aal2', amr: expect.arrayContaining(['pwd', 'otp', 'mfa']) })
    expect(await rowOf(user.id)).toMatchObject({ last_used_at: now() })
  })

  it.each([
    [
      'fullwidth digits',
      (code: string) => code.replaceAll(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit))),
    ],
    ['blanks', (code: string) => ` ${code.slice(0, 3)} ${code.slice(3)}\t`],
    ['a no-break space', (code: string) => `${code.slice(0, 3)}\u00a0${code.slice(3)}`],
  ])('reads %s', async (_what, typed) => {
    const user = await protectedMember()
    expect((await signIn(await ticketFor(user.email), typed(await codeAt(user.secret)))).status).toBe(200)
  })

  it.each(['', '12345', '1234567', 'abcdef', '١٢٣٤٥٦', '12345a', '1'.repeat(100)])(
    'does not count %s, which is no code',
    async (code) => {
      const user = await protectedMember()
      const before = await stateFor(user.email)
      await expectProblem(await signIn(await ticketFor(user.email), code), 422, 'invalid_body')
      expect((await stateFor(user.email)).buckets).toEqual(before.buckets)
    },
  )

  it('accepts a code from t-30 to t+30, and each step once, moving forward', async () => {
    const user = await protectedMember()
    clock.forward(120)
    const at = now()
    const answers: number[] = []
    for (const offset of [-60, 60, -30, -30, 0, -30, 30, 0]) {
      answers.push((await signIn(await ticketFor(user.email), await codeAt(user.secret, at + offset))).status)
    }
    expect(answers).toEqual([401, 401, 200, 401, 200, 401, 200, 401])
    expect(await rowOf(user.id)).toMatchObject({ last_step: Math.floor(at / 30) + 1 })
  })

  it('writes a wrong code into the trail, and uses up nothing', async () => {
    const user = await protectedMember()
    const ticket = await ticketFor(user.email)
    await expectProblem(await signIn(ticket, await wrongCode(user.secret)), 401, 'invalid_code')
    expect(await eventsOf(user.id)).toContain('login_failed: wrong_code')
    expect((await signIn(ticket, await codeAt(user.secret))).status).toBe(200)
    clock.forward(30)
    await expectProblem(await signIn(ticket, await codeAt(user.secret)), 401, 'invalid_ticket')
  })

  it('takes no ticket of a user who has no app, and none without a user', async () => {
    const [user, other] = [await protectedMember(), await protectedMember()]
    const ticket = await ticketFor(user.email)
    await expectProblem(await signIn(ticket, await codeAt(other.secret)), 401, 'invalid_code')
    await expectProblem(await signIn('lkt_nothing', await codeAt(user.secret)), 401, 'invalid_ticket')
  })

  it('says what is missing when the key of a secret is gone', async () => {
    const user = await protectedMember()
    await env.DB.prepare("UPDATE totp SET key_name = 'gone' WHERE user_id = ?").bind(user.id).run()
    const answer = await signIn(await ticketFor(user.email), await codeAt(user.secret))
    expect(await expectProblem(answer, 503, 'not_ready')).toMatchObject({
      errors: [{ field: 'LATCHKEY_SECRET_PREVIOUS', code: 'missing' }],
    })
  })

  it('opens no secret that was copied from another row', async () => {
    const [user, thief] = [await protectedMember(), await protectedMember()]
    const { secret, key_name } = (await rowOf(thief.id))!
    await env.DB.prepare('UPDATE totp SET secret = ?, key_name = ? WHERE user_id = ?')
      .bind(secret, key_name, user.id)
      .run()
    const answer = await signIn(await ticketFor(user.email), await codeAt(thief.secret))
    await expectProblem(answer, 503, 'not_ready')
  })
})

/** One after another: a right password empties its bucket. */
async function ticketsFor(email: string, count: number): Promise<string[]> {
  const tickets: string[] = []
  while (tickets.length < count) tickets.push(await ticketFor(email))
  return tickets
}

describe('the secrets in the database', () => {
  const old = ENV.LATCHKEY_SECRET
  const rotated = {
    ...ENV,
    LATCHKEY_SECRET: 'only-for-tests: the key after a rotation',
    LATCHKEY_SECRET_PREVIOUS: old,
  } as Env
  const over = { ...rotated, LATCHKEY_SECRET_PREVIOUS: '' } as Env
  const signInBy = async (own: Env, user: { email: string }, code: string) => {
    const { ticket } = await (
      await callIn(own, 'POST', '/user/login', { json: { email: user.email, password: PASSWORD } })
    ).json<{ ticket: string }>()
    return signIn(ticket, code, own)
  }

  it('are read with both keys during a rotation, and with the new one once they are encrypted again', async () => {
    const [user, other] = [await protectedMember(), await protectedMember()]
    const keyOf = async () => (await rowOf(user.id))!.key_name
    const before = await keyOf()
    expect((await signInBy(rotated, user, await codeAt(user.secret))).status).toBe(200)
    expect(await keyOf()).toBe(before) // signing in encrypts nothing
    clock.forward(30)
    await expectProblem(await signInBy(over, user, await codeAt(user.secret)), 503, 'not_ready')

    const count = await env.DB.prepare('SELECT count(*) AS n FROM totp').first<number>('n')
    await env.DB.prepare("UPDATE totp SET key_name = 'lost' WHERE user_id = ?").bind(other.id).run()
    const first = await resealSecrets(callBy({ own: rotated }))
    expect(first.resealed + first.unopened).toBe(count)
    expect(first.unopened).toBeGreaterThanOrEqual(1)
    expect(await keyOf()).not.toBe(before)
    expect(await resealSecrets(callBy({ own: rotated }))).toEqual({ resealed: 0, unopened: first.unopened })
    expect((await signInBy(over, user, await codeAt(user.secret))).status).toBe(200)
  })

  it('and the app itself are gone when the address is confirmed by somebody who knows no password', async () => {
    const user = await protectedMember()
    await env.DB.prepare('UPDATE users SET email_verified = 0 WHERE id = ?').bind(user.id).run()
    const confirmed = 'UPDATE users SET email_verified = 1, hashed_password = NULL WHERE id = ?'
    await env.DB.prepare(confirmed).bind(user.id).run()
    expect(await rowOf(user.id)).toBeNull()
    const left = env.DB.prepare(
      'SELECT second_factor + (SELECT count(*) FROM recovery_codes WHERE user_id = users.id) AS n FROM users WHERE id = ?',
    )
    expect(await left.bind(user.id).first('n')).toBe(0)
  })

  it('stay when it is confirmed with the password', async () => {
    const user = await protectedMember()
    await env.DB.prepare('UPDATE users SET email_verified = 0 WHERE id = ?').bind(user.id).run()
    await env.DB.prepare('UPDATE users SET email_verified = 1 WHERE id = ?').bind(user.id).run()
    expect(await rowOf(user.id)).toMatchObject({ user_id: user.id })
  })

  it('are published as events, and not exported', async () => {
    const user = await protectedMember()
    const { results } = await env.DB.prepare('SELECT type FROM webhook_outbox WHERE user_id = ?').bind(user.id).all()
    expect(results).toContainEqual({ type: 'totp.added' })
    const { token } = await fresh(user, user.secret)
    const exported = await (await call('GET', '/user/me/export', bearer(token))).text()
    expect(JSON.parse(exported)).toMatchObject({ totp: [{ confirmed_at: now() - 30, last_used_at: now() }] })
    for (const never of [user.secret, (await rowOf(user.id))!.secret]) expect(exported).not.toContain(never)
  })

  it('raise the epoch when an app is gained or lost, and not when it is used', async () => {
    const epochOf = (id: number) =>
      env.DB.prepare('SELECT epoch FROM users WHERE id = ?').bind(id).first<number>('epoch')
    const user = await member()
    const before = (await epochOf(user.id))!
    await call('POST', '/user/totp', bearer(user.token))
    expect(await epochOf(user.id)).toBe(before)
    const { secret } = await enrolApp(user)
    const enrolled = (await epochOf(user.id))!
    expect(enrolled).toBeGreaterThan(before)
    clock.forward(30)
    expect((await signIn(await ticketFor(user.email), await codeAt(secret))).status).toBe(200)
    expect(await epochOf(user.id)).toBe(enrolled)
    await env.DB.prepare('DELETE FROM totp WHERE user_id = ?').bind(user.id).run()
    expect(await epochOf(user.id)).toBe(enrolled + 1)
  })
})

describe('enrolling while signing in', () => {
  const own = { ...ENV, SECOND_FACTOR: 'everyone' } as Env
  const begin = (ticket: string) => callIn(own, 'POST', '/user/login/totp/enrol', { json: { ticket } })
  const end = (ticket: string, code: string) =>
    callIn(own, 'POST', '/user/login/totp/enrol/confirm', { json: { ticket, code } })
  const ticketAfter = async (user_id: number, methods: string[]) => {
    const call = callBy({ own })
    return writeTicket(call, 'login', newTicket(call, { user: { id: user_id, epoch: 0 }, methods }))
  }

  it('ends the sign-in with two factors, and shows the recovery codes', async () => {
    const user = await member()
    const ticket = await ticketAfter(user.id, ['password', 'code'])
    const begun = await begin(ticket)
    expect(begun.status).toBe(200)
    const { secret, ...rest } = await begun.json<{ secret: string; ticket: string }>()
    expect(rest).toMatchObject({ ticket, uri: expect.stringContaining(secret), qr: expect.stringContaining('<svg') })
    await expectProblem(await end(ticket, await wrongCode(secret)), 401, 'invalid_code')
    const answer = await end(ticket, await codeAt(secret))
    expect(answer.status).toBe(200)
    const { access_token, recovery_codes } = await answer.json<{ access_token: string; recovery_codes: string[] }>()
    expect(recovery_codes).toHaveLength(10)
    expect(claimsOf(access_token)).toMatchObject({ acr: 'aal2' })
    await expectProblem(await end(ticket, await codeAt(secret)), 401, 'invalid_ticket')
    await expectProblem(await begin(ticket), 401, 'invalid_ticket')
  })

  it('is for a ticket that the mailbox was shown with, of somebody who has no factor', async () => {
    const [user, other] = [await member(), await protectedMember()]
    for (const ticket of [
      await ticketAfter(user.id, ['password']),
      await ticketAfter(other.id, ['password', 'code']),
      'lkt_nothing',
    ]) {
      await expectProblem(await begin(ticket), 401, 'invalid_ticket')
      await expectProblem(await end(ticket, '000000'), 401, 'invalid_ticket')
    }
    const optional = await callIn(ENV, 'POST', '/user/login/totp/enrol', {
      json: { ticket: await ticketAfter(user.id, ['password', 'code']) },
    })
    await expectProblem(optional, 401, 'invalid_ticket')
  })

  it('ends in one session of fifty answers at once', async () => {
    const user = await member()
    const ticket = await ticketAfter(user.id, ['password', 'code'])
    const { secret } = await (await begin(ticket)).json<{ secret: string }>()
    const code = await codeAt(secret)
    const answers = await Promise.all(Array.from({ length: 50 }, () => end(ticket, code)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect((await eventsOf(user.id)).filter((event) => /totp_added|login_succeeded/.test(event))).toHaveLength(3)
  })
})

describe('one code', () => {
  it('works once of fifty times at once, over sign-ins and confirmations together', async () => {
    const user = await protectedMember()
    const tickets = await ticketsFor(user.email, 25)
    const code = await codeAt(user.secret)
    const answers = await Promise.all([
      ...tickets.map((ticket) => signIn(ticket, code)),
      ...Array.from({ length: 25 }, () => reauth(user.token, { totp: code })),
    ])
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    for (const answer of answers.filter(({ status }) => status !== 200)) expect([401, 429]).toContain(answer.status)
    expect(
      await eventsOf(user.id).then((all) => all.filter((one) => /login_succeeded|reauthenticated/.test(one))),
    ).toHaveLength(2)
  })

  it('is lost for an enrolment, a sign-in and a confirmation alike once it was used', async () => {
    const user = await protectedMember()
    const code = await codeAt(user.secret)
    expect((await reauth(user.token, { totp: code })).status).toBe(200)
    await expectProblem(await signIn(await ticketFor(user.email), code), 401, 'invalid_code')
  })

  it('is refused if a newer one was accepted while it was judged', async () => {
    const user = await protectedMember()
    const newer = env.DB.prepare('UPDATE totp SET last_step = last_step + 5 WHERE user_id = ?').bind(user.id)
    const answer = await signIn(await ticketFor(user.email), await codeAt(user.secret), meanwhile(ENV, newer))
    await expectProblem(answer, 401, 'invalid_ticket')
    expect((await eventsOf(user.id)).filter((event) => event === 'login_succeeded')).toHaveLength(1)
  })

  it('enrols once of fifty times at once', async () => {
    const user = await member()
    const { secret } = await (await call('POST', '/user/totp', bearer(user.token))).json<{ secret: string }>()
    const code = await codeAt(secret)
    const answers = await Promise.all(Array.from({ length: 50 }, () => confirm(user.token, code)))
    const won = answers.filter(({ status }) => status === 200)
    expect(won).toHaveLength(1)
    expect((await eventsOf(user.id)).filter((event) => event === 'totp_added')).toHaveLength(1)
    expect(mails.filter(({ to }) => to === user.email)).toHaveLength(1)
    const stored = await env.DB.prepare('SELECT count(*) AS n FROM recovery_codes WHERE user_id = ?')
      .bind(user.id)
      .first('n')
    expect(stored).toBe(10)
  })
})

describe('guessing', () => {
  it('is stopped for the account, whatever password was right in between', async () => {
    const user = await protectedMember()
    const wrong = await wrongCode(user.secret)
    const answers: number[] = []
    for (let i = 0; i < 7; i++) answers.push((await signIn(await ticketFor(user.email), wrong)).status)
    expect(answers).toEqual([401, 401, 401, 401, 401, 429, 429])
  })

  it('evaluates no more than the budget of 200 guesses over 50 tickets, and the owner still gets in', async () => {
    const user = await protectedMember()
    const first = await signIn(await ticketFor(user.email), await codeAt(user.secret))
    const { device_token } = await first.json<{ device_token: string }>()
    clock.forward(30)
    const tickets = await ticketsFor(user.email, 50)
    const wrong = await wrongCode(user.secret)
    const answers = await Promise.all(Array.from({ length: 200 }, (_, i) => signIn(tickets[i % 50]!, wrong)))
    expect(answers.filter(({ status }) => status === 401).length).toBeLessThanOrEqual(5)
    expect(answers.filter(({ status }) => status === 429).length).toBeGreaterThanOrEqual(195)
    const own = await ticketFor(user.email, { device_token })
    expect((await signIn(own, await codeAt(user.secret))).status).toBe(200)
  })
})

describe('guessing in sessions', () => {
  it('is stopped for the account, however many sessions the password made in between', async () => {
    const user = await protectedMember()
    const wrong = await wrongCode(user.secret)
    let token = user.token
    const answers: number[] = []
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 5; i++) answers.push((await reauth(token, { totp: wrong })).status)
      const confirmed = await reauth(token, { password: PASSWORD })
      token = (await confirmed.json<{ access_token: string }>()).access_token
      expect(claimsOf(token).sid).not.toBe(user.sid)
    }
    expect(answers).toEqual([...Array<number>(5).fill(401), ...Array<number>(10).fill(429)])
    clock.forward(30)
    expect((await reauth(token, { totp: await codeAt(user.secret) })).status).toBe(200)
    expect((await stateFor(user.email)).buckets).toEqual({})
  })

  it('keeps nobody from signing in, nor the password from being confirmed', async () => {
    const user = await protectedMember()
    const wrong = await wrongCode(user.secret)
    for (let i = 0; i < 6; i++) await reauth(user.token, { totp: wrong })
    await expectProblem(await reauth(user.token, { totp: wrong }), 429, 'too_many_attempts')
    expect((await signIn(await ticketFor(user.email), await codeAt(user.secret))).status).toBe(200)
    expect((await reauth(user.token, { password: PASSWORD })).status).toBe(200)
  })
})

describe('removing the app', () => {
  it('ends asking, voids the recovery codes and the tickets, and is mailed', async () => {
    const user = await protectedMember()
    const ticket = await ticketFor(user.email)
    const { token } = await fresh(user, user.secret)
    clock.forward(30)
    const sent = mails.length
    expect((await remove(token)).status).toBe(204)
    await expectProblem(await remove(token), 404, 'not_found')
    expect(mails.slice(sent).map(({ to, subject }) => [to, subject])).toEqual([
      [user.email, 'Latchkey: An authenticator app was removed'],
    ])
    expect(await eventsOf(user.id)).toContain('totp_removed')
    await expectProblem(await signIn(ticket, await codeAt(user.secret)), 401, 'invalid_ticket')
    expect((await login(user.email)).status).toBe(200)
    const left = env.DB.prepare('SELECT count(*) AS n FROM recovery_codes WHERE user_id = ?').bind(user.id)
    expect(await left.first('n')).toBe(0)
  })
})
