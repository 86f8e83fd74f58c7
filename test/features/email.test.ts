import { env } from 'cloudflare:workers'
import bcrypt from 'bcryptjs'
import { afterEach, describe, expect, it, vi } from 'vitest'
import {
  action,
  bearer,
  call,
  callIn,
  callWith,
  clock,
  dump,
  ENV,
  eventsOf,
  expectProblem,
  forgot,
  freshDatabase,
  insertUser,
  leadsTo,
  linksOf,
  login,
  mailedToken,
  mails,
  mailsTo,
  MANY,
  member,
  NEW_PASSWORD,
  nobody,
  now,
  open,
  PASSWORD,
  press,
  resend,
  reset,
  runCron,
  seen,
  sessionFor,
  stateFor,
  submit,
  subjectsTo,
  times,
  userAt,
  verify,
  waitingFor,
  watchedIsolate,
} from '../support.ts'

freshDatabase()

afterEach(() => {
  vi.restoreAllMocks()
})

const change = (token: string, email: unknown, password: unknown = PASSWORD) =>
  call('POST', '/user/email', { json: { email, password }, ...bearer(token) })

/** A user who has not confirmed the address, and the token that was mailed to it. */
async function unconfirmed() {
  const user = await member({ email_verified: 0 })
  expect((await resend(user.email)).status).toBe(202)
  return { ...user, mailed: mailedToken(user.email) }
}

/** A user who asked for another address, and the token that was mailed there. */
async function moving() {
  const user = await member()
  const target = nobody()
  expect((await change(user.token, target)).status).toBe(202)
  return { ...user, target, mailed: mailedToken(target) }
}

const isVerified = async (email: string) => (await userAt(email))!.email_verified === 1

describe('POST /user/email/verify', () => {
  it('confirms the address, ends what was begun before, and signs nobody in', async () => {
    const { id, email, token, mailed } = await unconfirmed()
    await forgot(email)
    expect(await linksOf(id)).toEqual(['reset', 'verify'])
    const answer = await verify(mailed)
    expect({ status: answer.status, text: await answer.text() }).toEqual({ status: 204, text: '' })
    expect(answer.headers.get('Set-Cookie')).toBeNull()
    expect(await isVerified(email)).toBe(true)
    expect(await linksOf(id)).toEqual([])
    await expectProblem(await action(token), 401, 'invalid_token')
    expect((await eventsOf(id)).at(-1)).toBe('email_verified')
    expect((await login(email)).status).toBe(200)
  })

  it('takes a link once: exactly one of fifty at once confirms', async () => {
    for (let round = 0; round < 3; round++) {
      const { id, mailed } = await unconfirmed()
      const answers = await Promise.all(Array.from({ length: 50 }, () => press(mailed)))
      const statuses = answers.map(({ status }) => status).sort((a, b) => a - b)
      expect(statuses).toEqual([204, ...Array<number>(49).fill(400)])
      await expectProblem(await verify(mailed), 400, 'invalid_one_time_token')
      expect((await eventsOf(id)).filter((event) => event === 'email_verified')).toHaveLength(1)
    }
  })

  it('takes a link for an hour, to the second', async () => {
    const { email, mailed } = await unconfirmed()
    clock.set(3_600)
    await expectProblem(await verify(mailed), 400, 'invalid_one_time_token')
    expect(await isVerified(email)).toBe(false)
    clock.set(3_598)
    expect((await verify(mailed)).status).toBe(204)
  })

  it('takes only the newest link', async () => {
    const { email, mailed } = await unconfirmed()
    await resend(email)
    const newer = mailedToken(email)
    expect(newer).not.toBe(mailed)
    await expectProblem(await verify(mailed), 400, 'invalid_one_time_token')
    expect((await verify(newer)).status).toBe(204)
  })

  it('is for the address that the link was sent to: after a change of address it is nothing', async () => {
    const { id, mailed } = await unconfirmed()
    const moved = nobody()
    await env.DB.prepare('UPDATE users SET email = ? WHERE id = ?').bind(moved, id).run()
    await expectProblem(await verify(mailed), 400, 'invalid_one_time_token')
    expect(await isVerified(moved)).toBe(false)
  })

  it.each([
    ['', 400],
    ['%', 400],
    ['%'.repeat(43), 400],
    ['_'.repeat(43), 400],
    ['a'.repeat(42), 400],
    ['a'.repeat(44), 400],
    [`${'a'.repeat(43)}\n`, 400],
    ["' OR 1=1; --", 400],
    ['null', 400],
    [null, 422],
    [undefined, 422],
    [0, 422],
    [true, 422],
    [[], 422],
    [['a'.repeat(43)], 422],
    [{}, 422],
  ])('refuses the token %j', async (token, status) => {
    await unconfirmed()
    await moving()
    const before = await dump()
    const code = status === 400 ? 'invalid_one_time_token' : 'invalid_body'
    const problem = await expectProblem(await verify(token), status, code)
    if (status === 422) expect(problem.errors).toMatchObject([{ field: 'token' }])
    expect(await dump()).toEqual(before)
  })

  it('finds no row that holds less than a hash: the table takes none', async () => {
    const { id } = await member()
    for (const hash of [null, '', '%', 'a'.repeat(42)]) {
      const row = env.DB.prepare(
        `INSERT INTO one_time_tokens (user_id, purpose, hash, email, expires_at)
        VALUES (?, 'verify', ?, 'a@example.com', 9999999999)`,
      ).bind(id, hash)
      await expect(row.run()).rejects.toThrow(/constraint/i)
    }
  })

  it('takes no other kind of token, and changes nobody but its holder', async () => {
    const [first, second] = [await unconfirmed(), await unconfirmed()]
    await forgot(second.email)
    for (const other of [mailedToken(second.email), second.token, second.refresh_token]) {
      await expectProblem(await verify(other), 400, 'invalid_one_time_token')
    }
    expect((await verify(first.mailed)).status).toBe(204)
    expect(await isVerified(first.email)).toBe(true)
    expect(await isVerified(second.email)).toBe(false)
    expect((await action(second.token)).status).toBe(200)
    await expectProblem(await action(second.mailed), 401, 'invalid_token')
  })
})

describe('POST /user/email/resend', () => {
  it('says the same whether the address waits, is confirmed, disabled, or unknown; mails only who waits', async () => {
    const waiting = await member({ email_verified: 0 })
    const withoutPassword = await member({ email_verified: 0, hashed_password: null })
    const others = [await member(), await member({ email_verified: 0, disabled_at: 1 })]
    const answers = []
    for (const { email } of [waiting, withoutPassword, ...others, { email: 'nobody@example.com' }]) {
      answers.push(await seen(await resend(email)))
    }
    expect(answers[0]).toMatchObject({ status: 202, text: '{"status":"accepted"}' })
    for (const answer of answers) expect(answer).toEqual(answers[0])
    expect(subjectsTo(waiting.email)).toEqual(['Confirm your email address'])
    expect(subjectsTo(withoutPassword.email)).toEqual(['Set your password'])
    for (const { email } of others) expect(mailsTo(email)).toEqual([])
  })

  it('knows an address with white space around it', async () => {
    const { email } = await member({ email_verified: 0 })
    expect((await resend(` ${email}\u00a0`)).status).toBe(202)
    expect(subjectsTo(email)).toEqual(['Confirm your email address'])
  })
})

describe('POST /user/email', () => {
  it('changes nothing until the new address is confirmed; both addresses are told', async () => {
    const user = await member()
    const target = nobody()
    const before = await userAt(user.email)
    const answer = await change(user.token, target.toUpperCase())
    expect({ status: answer.status, text: await answer.text() }).toEqual({ status: 202, text: '{"status":"accepted"}' })
    expect(await userAt(user.email)).toEqual(before)
    expect((await action(user.token)).status).toBe(200)
    expect(subjectsTo(target)).toEqual(['Confirm your new email address'])
    expect(subjectsTo(user.email)).toEqual(['A new email address was requested'])
    expect(mailsTo(user.email)[0]!.text.match(/\/\w+\?token=/g)).toEqual(['/cancel?token='])
    expect(mailsTo(user.email)[0]!.text).not.toContain(target)
    expect((await eventsOf(user.id)).at(-1)).toBe('email_change_requested')
  })

  it('takes the new address without the white space around it', async () => {
    const user = await member()
    const target = nobody()
    expect((await change(user.token, ` ${target} `)).status).toBe(202)
    expect(subjectsTo(target)).toEqual(['Confirm your new email address'])
    expect((await verify(mailedToken(target))).status).toBe(204)
    expect(await userAt(target)).toMatchObject({ email: target })
  })

  it('moves the account with the link, ends every session, and tells the old address', async () => {
    const user = await moving()
    const other = await sessionFor(user.id)
    await forgot(user.email)
    const toTheOldAddress = mailedToken(user.email)
    expect((await verify(user.mailed)).status).toBe(204)
    expect(await userAt(user.email)).toBeNull()
    expect(await userAt(user.target)).toMatchObject({ id: user.id, email: user.target, email_verified: 1 })
    for (const { token, refresh_token } of [user, other]) {
      await expectProblem(await action(token), 401, 'invalid_token')
      const refreshed = await call('POST', '/user/refresh', { json: { refresh_token } })
      await expectProblem(refreshed, 401, 'invalid_refresh_token')
    }
    expect(subjectsTo(user.email).at(-1)).toBe('Your email address was changed')
    expect(mailsTo(user.email).at(-1)!.text).not.toContain(user.target)
    expect((await eventsOf(user.id)).at(-1)).toBe('email_changed')
    await expectProblem(await reset(toTheOldAddress), 400, 'invalid_one_time_token')
    await expectProblem(await login(user.email), 401, 'invalid_credentials')
    expect((await login(user.target)).status).toBe(200)
  })

  it('needs a login, the password, and an address that mail can be sent to', async () => {
    const { email, token } = await member()
    const target = nobody()
    const json = { email: target, password: PASSWORD }
    await expectProblem(await call('POST', '/user/email', { json }), 401, 'login_required')
    await expectProblem(await change(token, target, 'wrong'), 401, 'invalid_credentials')
    for (const wrong of [
      undefined,
      null,
      [target],
      `${target},attacker@example.com`,
      `${target}\r\nBcc: attacker@example.com`,
      '"a"@example.com',
      'a\uff20example.com',
      '\u212Aelvin@example.com',
      'a@exam\u200bple.com',
    ]) {
      const problem = await expectProblem(await change(token, wrong), 422, 'invalid_body')
      expect(problem.errors).toMatchObject([{ field: 'email' }])
    }
    for (const wrong of [null, '', [PASSWORD], {}]) {
      const problem = await expectProblem(await change(token, target, wrong), 422, 'invalid_body')
      expect(problem.errors).toMatchObject([{ field: 'password' }])
    }
    expect(mailsTo(target)).toEqual([])
    expect(mailsTo(email)).toEqual([])
    await env.DB.prepare('UPDATE sessions SET revoked_at = 1 WHERE user_id = (SELECT id FROM users WHERE email = ?)')
      .bind(email)
      .run()
    await expectProblem(await change(token, target), 401, 'invalid_token')
  })

  it('says the same of an address that is taken: its owner is told, and there is no link', async () => {
    const [user, owner] = [await member(), await member({ email: 'Taken.Address@example.com' })]
    const free = await seen(await change((await member()).token, nobody()))
    expect(await seen(await change(user.token, 'taken.address@example.com'))).toEqual(free)
    expect(subjectsTo(owner.email)).toEqual(['You already have an account'])
    expect(mailsTo(owner.email)[0]!.text).not.toContain('token=')
    expect(mailsTo('taken.address@example.com')).toEqual([])
    expect(subjectsTo(user.email)).toEqual(['A new email address was requested'])
    expect(await linksOf(user.id)).toEqual(['email_change']) // as if it were free, but nobody has the token
  })

  it('moves nobody to an address that was taken between the request and the link', async () => {
    const user = await moving()
    await insertUser({ email: user.target.toUpperCase() })
    const before = await dump()
    await expectProblem(await verify(user.mailed), 409, 'email_taken')
    expect(await dump()).toEqual(before)
    expect((await action(user.token)).status).toBe(200)
    await env.DB.prepare('DELETE FROM users WHERE canonical_email = ?').bind(user.target).run()
    expect((await verify(user.mailed)).status).toBe(204)
  })

  it('does not move with the link alone: whoever reads a mailbox that was mistyped has no account by that', async () => {
    const user = await moving()
    const before = await dump()
    const problem = await expectProblem(await press(user.mailed), 422, 'invalid_body')
    expect(problem.errors).toEqual([{ field: 'password', code: 'required' }])
    expect(await dump()).toEqual(before)
    expect((await login(user.email)).status).toBe(200)
    expect((await verify(user.mailed)).status).toBe(204)
    expect(await userAt(user.target)).toMatchObject({ id: user.id })
  })

  it('keeps the newest request only', async () => {
    const user = await moving()
    const newer = nobody()
    await change(user.token, newer)
    await expectProblem(await verify(user.mailed), 400, 'invalid_one_time_token')
    expect((await verify(mailedToken(newer))).status).toBe(204)
    expect(await userAt(newer)).toMatchObject({ id: user.id })
  })

  it('is undone by a new password that comes before the link', async () => {
    const [forgetful, changing] = [await moving(), await moving()]
    await forgot(forgetful.email)
    expect((await reset(mailedToken(forgetful.email))).status).toBe(204)
    const json = { current_password: PASSWORD, new_password: NEW_PASSWORD }
    expect((await call('POST', '/user/password', { json, ...bearer(changing.token) })).status).toBe(204)
    for (const user of [forgetful, changing]) {
      await expectProblem(await verify(user.mailed), 400, 'invalid_one_time_token')
      expect(await userAt(user.email)).toMatchObject({ id: user.id })
    }
  })

  it('is also undone by one that comes between the check of the old password and the request', async () => {
    const user = await member()
    const target = nobody()
    await forgot(user.email)
    const isolate = watchedIsolate()
    isolate.before = async (texts) => {
      if (texts.length < 3) return
      isolate.before = () => {}
      expect((await reset(mailedToken(user.email))).status).toBe(204)
    }
    const json = { email: target, password: PASSWORD }
    const answer = await callIn(isolate.env, 'POST', '/user/email', { json, ...bearer(user.token) })
    await expectProblem(answer, 401, 'invalid_token')
    expect(mailsTo(target)).toEqual([])
    expect(await linksOf(user.id)).toEqual([])
    expect(await eventsOf(user.id)).not.toContain('email_change_requested')
  })

  it('lets exactly one of fifty uses of the link at once move the account', async () => {
    vi.spyOn(bcrypt, 'compare').mockResolvedValue(true as never) // the password is not what races here
    for (let round = 0; round < 3; round++) {
      const user = await moving()
      const answers = await Promise.all(Array.from({ length: 50 }, () => verify(user.mailed)))
      const statuses = answers.map(({ status }) => status)
      expect(statuses.filter((status) => status === 204)).toHaveLength(1)
      // A link has five attempts at once: those that compared the password lose the race, the others do not get so far.
      expect(statuses.filter((status) => status === 400).length).toBeGreaterThanOrEqual(4)
      expect(statuses.filter((status) => ![204, 400, 429].includes(status))).toEqual([])
      expect(await userAt(user.target)).toMatchObject({ id: user.id })
      expect(subjectsTo(user.email).filter((subject) => subject.endsWith('was changed'))).toHaveLength(1)
    }
  })

  it('never confirms an address that did not get the link, however two requests race', MANY, async () => {
    vi.spyOn(bcrypt, 'compare').mockResolvedValue(true as never) // the password is not what races here
    const outcomes = new Set<string>()
    for (let round = 0; round < times(100, 20); round++) {
      const { id, email, token } = await member()
      const [attackers, victims] = [nobody(), nobody()]
      const order = round % 2 === 0 ? [attackers, victims] : [victims, attackers]
      const answers = await Promise.all(order.map((target) => change(token, target)))
      expect(answers.map(({ status }) => status)).toEqual([202, 202])
      const { status } = await verify(mailedToken(attackers))
      const address = await env.DB.prepare('SELECT email FROM users WHERE id = ?').bind(id).first<string>('email')
      expect([status, address]).toEqual(status === 204 ? [204, attackers] : [400, email])
      outcomes.add(String(status))
    }
    expect(outcomes).toEqual(new Set(['204', '400'])) // each request came second at times
  })
})

describe('POST /user/email/cancel', () => {
  const cancel = (token: unknown) => call('POST', '/user/email/cancel', { json: { token } })

  it('cancels the pending change with the link of the notice, once, for whoever reads the old mailbox', async () => {
    const user = await moving()
    const notice = mailedToken(user.email)
    expect((await cancel(notice)).status).toBe(204)
    await expectProblem(await cancel(notice), 400, 'invalid_one_time_token')
    await expectProblem(await verify(user.mailed), 400, 'invalid_one_time_token')
    expect(await userAt(user.email)).toMatchObject({ id: user.id })
    expect((await action(user.token)).status).toBe(200)
    expect((await eventsOf(user.id)).at(-1)).toBe('email_change_cancelled')
  })

  it('takes no other token, and its own is nothing elsewhere', async () => {
    const user = await moving()
    await forgot(user.email)
    const resetting = mailedToken(user.email)
    const other = await moving()
    const notice = mailedToken(other.email)
    for (const token of [user.mailed, resetting, user.token, '', 'a'.repeat(43)]) {
      await expectProblem(await cancel(token), 400, 'invalid_one_time_token')
    }
    await expectProblem(await verify(notice), 400, 'invalid_one_time_token')
    await expectProblem(await reset(notice), 400, 'invalid_one_time_token')
    expect((await verify(user.mailed)).status).toBe(204)
    expect(await linksOf(other.id)).toEqual(['email_change'])
  })

  it('is nothing after the change, after an hour, and after a newer request', async () => {
    const [moved, late, again] = [await moving(), await moving(), await moving()]
    const notices = [moved, late, again].map(({ email }) => mailedToken(email))
    expect((await verify(moved.mailed)).status).toBe(204)
    await expectProblem(await cancel(notices[0]), 400, 'invalid_one_time_token')
    await change(again.token, nobody())
    await expectProblem(await cancel(notices[2]), 400, 'invalid_one_time_token')
    clock.set(3_600)
    await expectProblem(await cancel(notices[1]), 400, 'invalid_one_time_token')
  })

  it('takes the mail along that waits to be sent', async () => {
    const user = await member()
    const target = nobody()
    const send = (mail: { to: string }) =>
      mail.to === target ? Promise.reject(new Error('down')) : ENV.EMAIL.send(mail as never)
    const own = { ...ENV, EMAIL: { send } } as unknown as Env
    vi.spyOn(console, 'error').mockReturnValue()
    await callIn(own, 'POST', '/user/email', { json: { email: target, password: PASSWORD }, ...bearer(user.token) })
    expect(await waitingFor(target)).toEqual(['email_change'])
    expect((await cancel(mailedToken(user.email))).status).toBe(204)
    clock.set(600)
    await runCron()
    clock.set(0)
    expect(await waitingFor(target)).toEqual([])
    expect(mailsTo(target)).toEqual([])
  })

  it('or the change wins, of fifty pairs at once, and never both', async () => {
    const users = await Promise.all(Array.from({ length: 50 }, () => moving()))
    vi.spyOn(bcrypt, 'compare').mockResolvedValue(true as never) // the password is not what races here
    const outcomes = await Promise.all(
      users.map(async (user, i) => {
        const notice = mailedToken(user.email)
        const pair = [() => verify(user.mailed), () => cancel(notice)]
        const answers = await Promise.all((i % 2 === 0 ? pair : pair.toReversed()).map((ask) => ask()))
        return answers.map(({ status }) => status).sort((a, b) => a - b)
      }),
    )
    for (const outcome of outcomes) expect(outcome).toEqual([204, 400])
  })
})

describe('a change that is pending', () => {
  const pendingOf = async (token: string) => (await call('GET', '/user/email/pending', bearer(token))).json()
  const cancelOwn = (token: string) => call('DELETE', '/user/email/pending', bearer(token))

  it('is shown to its user until its link expires, whether the address is free or taken', async () => {
    const [user, owner, asker] = [await moving(), await member(), await member()]
    await change(asker.token, owner.email)
    for (const { token, email } of [
      { token: user.token, email: user.target },
      { token: asker.token, email: owner.email },
    ]) {
      expect(await pendingOf(token)).toEqual({ pending: { email, expires_at: now() + 3_600 } })
      for (const path of ['/account', '/account/email']) {
        const html = await (await open(path, token)).text()
        for (const text of [email, 'action="/account/email/cancel"']) expect(html).toContain(text)
      }
    }
    expect(await pendingOf(owner.token)).toEqual({ pending: null })
    expect(await (await open('/account', owner.token)).text()).not.toContain('/account/email/cancel')
    clock.forward(3_600)
    expect(await pendingOf(user.token)).toEqual({ pending: null })
    await expectProblem(await cancelOwn(user.token), 404, 'not_found')
  })

  it('is cancelled by its user, with the link, and by nobody else', async () => {
    const [user, other, onPage] = [await moving(), await moving(), await moving()]
    await forgot(user.email)
    expect((await cancelOwn(user.token)).status).toBe(204)
    await expectProblem(await cancelOwn(user.token), 404, 'not_found')
    await expectProblem(await verify(user.mailed), 400, 'invalid_one_time_token')
    expect(await linksOf(user.id)).toEqual(['reset'])
    expect((await eventsOf(user.id)).at(-1)).toBe('email_change_cancelled')
    expect((await action(user.token)).status).toBe(200)
    const pressed = await submit('/account/email/cancel', {}, onPage.token)
    expect(leadsTo(pressed)).toEqual([303, '/account?done=address_kept'])
    await expectProblem(await verify(onPage.mailed), 400, 'invalid_one_time_token')
    expect((await verify(other.mailed)).status).toBe(204)
    await expectProblem(await cancelOwn(other.token), 401, 'invalid_token')
  })

  it('is confirmed or cancelled by exactly one of fifty requests at once', async () => {
    vi.spyOn(bcrypt, 'compare').mockResolvedValue(true as never) // the password is not what races here
    for (let round = 0; round < 3; round++) {
      const user = await moving()
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, i) => (i % 2 === round % 2 ? cancelOwn(user.token) : verify(user.mailed))),
      )
      expect(answers.filter(({ status }) => status === 204)).toHaveLength(1)
      const events = (await eventsOf(user.id)).filter((event) => /cancelled|changed/.test(event))
      expect(events).toHaveLength(1)
      expect((await userAt(user.target)) === null).toBe(events[0] === 'email_change_cancelled')
    }
  })
})

describe('what a request for another address tells', () => {
  it('is the same in the export, whether the address is free, taken, or has had its mails of the day', async () => {
    const owner = await member()
    const full = nobody()
    await stateFor(full, (state) => ({ ...state, mails: { started_at: now(), sent: 10 } }))
    const own = { ...ENV, EMAIL: { send: () => Promise.reject(new Error('down')) } } as unknown as Env
    vi.spyOn(console, 'error').mockReturnValue()
    const exports = []
    for (const target of [nobody(), owner.email, full]) {
      const user = await member()
      const json = { email: target, password: PASSWORD }
      expect((await callIn(own, 'POST', '/user/email', { json, ...bearer(user.token) })).status).toBe(202)
      await env.DB.prepare(`INSERT INTO audit_events (at, event, user_id) VALUES (1, 'mail_given_up', ?)`)
        .bind(target === owner.email ? owner.id : user.id)
        .run()
      const exported = await call('GET', '/user/me/export', bearer(user.token))
      const text = await exported.text()
      const { one_time_tokens, outbox, audit_events } = JSON.parse(text) as Record<string, Record<string, unknown>[]>
      expect(one_time_tokens).toMatchObject([{ purpose: 'email_change', email: target }])
      exports.push([outbox!.map(({ kind }) => kind), audit_events!.map(({ event }) => event), one_time_tokens!.length])
    }
    expect(exports[1]).toEqual(exports[0])
    expect(exports[2]).toEqual(exports[0])
    await env.DB.prepare('DELETE FROM outbox').run()
  })

  it('goes to ten strangers a day at most, however many are asked for at once', async () => {
    const user = await member()
    const compare = vi.spyOn(bcrypt, 'compare').mockResolvedValue(true as never) // how long it takes is not what is tested
    const answers = []
    for (let wave = 0; wave < 10; wave++) {
      const wide = Array.from({ length: 5 }, () => change(user.token, nobody()))
      answers.push(...(await Promise.all(wide)))
    }
    compare.mockRestore()
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(10)
    const refused = answers.filter(({ status }) => status !== 202)
    expect(refused).toHaveLength(40)
    for (const answer of refused) {
      expect(answer.headers.get('Retry-After')).toBe('86400')
      await expectProblem(answer, 429, 'too_many_attempts')
    }
    expect((await eventsOf(user.id)).filter((event) => event === 'email_change_requested')).toHaveLength(10)
    expect(mailsTo(user.email)).toHaveLength(10)
    clock.set(86_401)
    const { token } = await sessionFor(user.id)
    expect((await change(token, nobody())).status).toBe(202)
  })

  it('reaches the owner though strangers have used up the mails of the day', async () => {
    const user = await member()
    for (let i = 0; i < 11; i++) await forgot(user.email)
    expect(mailsTo(user.email)).toHaveLength(10)
    await change(user.token, nobody())
    expect(subjectsTo(user.email).at(-1)).toBe('A new email address was requested')
    const cancelled = await call('POST', '/user/email/cancel', { json: { token: mailedToken(user.email) } })
    expect(cancelled.status).toBe(204)
  })
})

describe('a mailed link', () => {
  it('is in no table: not as it was mailed, not while the mail waits to be sent', async () => {
    const sent: string[] = []
    const own = {
      ...ENV,
      EMAIL: {
        send: ({ text }: { text: string }) => {
          sent.push(text)
          return Promise.reject(new Error('the provider took it and says that it did not'))
        },
      },
    } as unknown as Env
    const { email, token } = await member()
    const waiting = await member({ email_verified: 0 })
    const [target, fresh] = [nobody(), nobody()]
    await callIn(own, 'POST', '/user/register', { json: { email: fresh, password: PASSWORD } })
    await callIn(own, 'POST', '/user/register', { json: { email: fresh, password: PASSWORD } })
    await callIn(own, 'POST', '/user/email/resend', { json: { email: waiting.email } })
    await callIn(own, 'POST', '/user/password/forgot', { json: { email } })
    await callIn(own, 'POST', '/user/email', { json: { email: target, password: PASSWORD }, ...bearer(token) })
    const tokens = sent.flatMap((text) => [...text.matchAll(/\?token=([\w-]{43})/g)].map(([, found]) => found!))
    expect(tokens).toHaveLength(6)
    const copy = await dump()
    expect(copy.outbox!.filter(({ sealed_token }) => sealed_token !== null)).toHaveLength(6)
    const text = JSON.stringify(copy)
    for (const mailed of tokens) {
      expect(text).not.toContain(mailed)
      expect(text).not.toContain(btoa(mailed))
      expect(text).not.toContain(mailed.slice(0, 20))
    }
    expect(text).not.toContain(PASSWORD)
    await env.DB.prepare('DELETE FROM outbox').run()
  })

  it('leads to PUBLIC_URL, whatever a request says about hosts', async () => {
    const asked: [path: string, json: Record<string, unknown>, token?: string][] = []
    const user = await member()
    const waiting = await member({ email_verified: 0 })
    const lies = {
      PUBLIC_URL: 'https://evil.example',
      public_url: 'https://evil.example',
      url: 'https://evil.example',
      host: 'evil.example',
      redirect: 'https://evil.example',
      redirect_to: '//evil.example',
      callbackURL: 'https://evil.example/?token=',
    }
    asked.push(
      ['/user/register', { email: nobody(), password: PASSWORD }],
      ['/user/email/resend', { email: waiting.email }],
      ['/user/password/forgot', { email: user.email }],
      ['/user/email', { email: nobody(), password: PASSWORD }, user.token],
      ['/user/login', { email: waiting.email, password: PASSWORD }],
    )
    const headers: Record<string, string>[] = [
      { Host: 'evil.example' },
      { 'X-Forwarded-Host': 'evil.example', 'X-Forwarded-Proto': 'http', 'X-Forwarded-Port': '8080' },
      { Forwarded: 'host=evil.example;proto=http' },
      { 'X-Host': 'evil.example', 'X-Original-URL': 'https://evil.example/', 'X-Rewrite-URL': '/evil' },
      { Origin: 'https://evil.example', Referer: 'https://evil.example/reset' },
    ]
    const before = mails.length
    for (const [path, json, token] of asked) {
      for (const lie of headers) {
        const init = {
          method: 'POST',
          headers: { 'Content-Type': 'application/json', ...lie, ...(token && { Authorization: token }) },
          body: JSON.stringify({ ...json, ...lies }),
        }
        const answer = await callWith(ENV, `https://evil.example${path}?host=evil.example`, init)
        expect(answer.status).toBe(path === '/user/login' ? 403 : 202)
      }
    }
    const links = mails.slice(before).flatMap(({ text, html }) => `${text} ${html}`.match(/https?:\/\/[^\s"<]+/g) ?? [])
    expect(links.length).toBeGreaterThanOrEqual(2 * 5 * 5)
    for (const link of links) expect(link).toMatch(/^https:\/\/login\.example\/(verify|reset|cancel)\?token=[\w-]{43}$/)
    for (const { text, html, subject } of mails.slice(before)) expect(text + html + subject).not.toContain('evil')
  })

  it('is not written without PUBLIC_URL: 503 that names it, and nothing changes', async () => {
    const { email, token } = await member()
    const waiting = await member({ email_verified: 0 })
    const own = { ...ENV, PUBLIC_URL: '' } as Env
    const before = await dump()
    for (const [path, json] of [
      ['/user/register', { email: nobody(), password: PASSWORD }],
      ['/user/password/forgot', { email }],
      ['/user/email/resend', { email: waiting.email }],
      ['/user/email', { email: nobody(), password: PASSWORD }],
    ] as const) {
      const problem = await expectProblem(await callIn(own, 'POST', path, { json, ...bearer(token) }), 503, 'not_ready')
      expect(problem.errors).toEqual([{ field: 'PUBLIC_URL', code: 'missing' }])
    }
    expect(await dump()).toEqual(before)
    const answer = await callIn(own, 'POST', '/user/login', { json: { email: waiting.email, password: PASSWORD } })
    await expectProblem(answer, 403, 'email_not_verified')
    expect(await linksOf(waiting.id)).toEqual([])
  })
})
