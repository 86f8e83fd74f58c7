import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { config } from '../../src/config.ts'
import { batch } from '../../src/core/d1.ts'
import { isKept, undoableMail } from '../../src/core/users/undo.ts'
import { mails as passwordMails } from '../../src/features/password/mails.ts'
import { undo as undoIn } from '../../src/features/undo/undo.ts'
import { sql } from '../../src/lib/sql.ts'
import {
  action,
  administrator,
  bearer,
  call,
  callBy,
  clock,
  dump,
  ENV,
  eventsOf,
  expectProblem,
  forgot,
  freshDatabase,
  leadsTo,
  linksOf,
  login,
  type Member,
  mailedToken,
  mailsTo,
  member,
  NEW_PASSWORD,
  nobody,
  open,
  PASSWORD,
  register,
  reset,
  run,
  runCron,
  sessionFor,
  subjectsTo,
  submit,
  times,
  userAt,
  verify,
} from '../support.ts'

freshDatabase()

const DAY = 86_400

const undo = (token: unknown) => call('POST', '/user/undo', { json: { token } })

/** The token of the newest mail to an address that can be undone. */
function undoToken(address: string): string {
  const mail = mailsTo(address).findLast(({ text }) => text.includes('/undo?'))
  return /\/undo\?token=([\w-]{43})/.exec(mail?.text ?? '')?.[1] ?? ''
}

const newPassword = (user: Member, own = NEW_PASSWORD) =>
  call('POST', '/user/password', { json: { current_password: PASSWORD, new_password: own }, ...bearer(user.token) })

/** Moves an account to another address, as somebody with its password and the new mailbox does. Returns the address. */
async function move(id: number, target = nobody()): Promise<string> {
  const { token } = await sessionFor(id)
  const json = { email: target, password: PASSWORD }
  expect((await call('POST', '/user/email', { json, ...bearer(token) })).status).toBe(202)
  expect((await verify(mailedToken(target))).status).toBe(204)
  return target
}

/** A user whose password somebody else has changed, and the token of the notice. */
async function robbed() {
  const user = await member()
  expect((await newPassword(user)).status).toBe(204)
  return { ...user, told: undoToken(user.email) }
}

const undosOf = async (user_id: number) =>
  (await env.DB.prepare('SELECT what, email FROM undos WHERE user_id = ? ORDER BY id').bind(user_id).all()).results

describe('POST /user/undo', () => {
  it('ends every session, voids the password and all links, tells the owner, and signs nobody in', async () => {
    const user = await robbed()
    const thief = await sessionFor(user.id)
    await forgot(user.email)
    const link = mailedToken(user.email)
    const answer = await undo(user.told)
    expect(answer.status).toBe(200)
    expect(await answer.json()).toEqual({ email_restored: false, factors_removed: 0, factor_stays: false })
    expect(answer.headers.get('Set-Cookie')).toBeNull()
    for (const { token } of [user, thief]) await expectProblem(await action(token), 401, 'invalid_token')
    for (const secret of [PASSWORD, NEW_PASSWORD]) {
      await expectProblem(await login(user.email, secret), 401, 'invalid_credentials')
    }
    expect(await linksOf(user.id)).toEqual([])
    await expectProblem(await reset(link), 400, 'invalid_one_time_token')
    expect(subjectsTo(user.email).at(-1)).toBe('A change to your account was undone')
    expect((await eventsOf(user.id)).filter((event) => event === 'undone')).toHaveLength(1)
    await forgot(user.email)
    expect((await reset(mailedToken(user.email), 'a third password')).status).toBe(204)
    expect((await login(user.email, 'a third password')).status).toBe(200)
  })

  it('works once: exactly one of fifty at once, and the others write nothing', async () => {
    for (let round = 0; round < times(1, 3); round++) {
      const { id, email, told } = await robbed()
      const answers = await Promise.all(Array.from({ length: 50 }, () => undo(told)))
      const statuses = answers.map(({ status }) => status).sort((a, b) => a - b)
      expect(statuses).toEqual([200, ...Array<number>(49).fill(400)])
      await expectProblem(await undo(told), 400, 'invalid_one_time_token')
      expect((await eventsOf(id)).filter((event) => event === 'undone')).toHaveLength(1)
      expect(subjectsTo(email).filter((subject) => subject.includes('undone'))).toHaveLength(1)
    }
  })

  it('works for seven days, to the second, and no longer', async () => {
    const { id, told } = await robbed()
    clock.set(7 * DAY)
    await expectProblem(await undo(told), 400, 'invalid_one_time_token')
    await runCron()
    expect(await undosOf(id)).toEqual([])
    const other = await robbed()
    clock.forward(7 * DAY - 1)
    expect((await undo(other.told)).status).toBe(200)
  })

  it('outlives what an attacker may do: an end of all sessions, another password, a reset', async () => {
    const user = await robbed()
    const thief = await sessionFor(user.id)
    await call('POST', '/user/logout/everywhere', bearer(thief.token))
    await forgot(user.email)
    expect((await reset(mailedToken(user.email), 'the password of the thief')).status).toBe(204)
    expect((await undo(user.told)).status).toBe(200)
    await expectProblem(await login(user.email, 'the password of the thief'), 401, 'invalid_credentials')
    expect(await undosOf(user.id)).toEqual([])
  })

  it('does nothing for an account that is gone', async () => {
    const user = await robbed()
    await run('DELETE FROM users WHERE id = ?', user.id)
    expect(await undosOf(user.id)).toEqual([])
    await expectProblem(await undo(user.told), 400, 'invalid_one_time_token')
  })

  it('does nothing for a disabled account, and says so; the link works once it is enabled', async () => {
    const user = await robbed()
    await run('UPDATE users SET disabled_at = 1 WHERE id = ?', user.id)
    const before = await dump()
    await expectProblem(await undo(user.told), 403, 'account_disabled')
    expect(await dump()).toEqual(before)
    await run('UPDATE users SET disabled_at = NULL WHERE id = ?', user.id)
    expect((await undo(user.told)).status).toBe(200)
  })

  it.each([
    ['', 400],
    ['%', 400],
    ['%'.repeat(43), 400],
    ['a'.repeat(43), 400],
    [`${'a'.repeat(43)}\n`, 400],
    ["' OR 1=1; --", 400],
    [null, 422],
    [undefined, 422],
    [['a'.repeat(43)], 422],
    [{}, 422],
  ])('refuses the token %j', async (token, status) => {
    await robbed()
    const before = await dump()
    await expectProblem(await undo(token), status, status === 400 ? 'invalid_one_time_token' : 'invalid_body')
    expect(await dump()).toEqual(before)
  })

  it('takes no other link, and its own is taken nowhere else', async () => {
    const user = await robbed()
    await forgot(user.email)
    await expectProblem(await undo(mailedToken(user.email)), 400, 'invalid_one_time_token')
    for (const path of ['/user/password/reset', '/user/email/verify']) {
      const json = { token: user.told, password: NEW_PASSWORD }
      await expectProblem(await call('POST', path, { json }), 400, 'invalid_one_time_token')
    }
    await expectProblem(
      await call('POST', '/user/email/cancel', { json: { token: user.told } }),
      400,
      'invalid_one_time_token',
    )
    expect((await undo(user.told)).status).toBe(200)
  })

  it('is stored as a hash, and the mail is sealed', async () => {
    const { told } = await robbed()
    expect(JSON.stringify(await dump())).not.toContain(told)
  })

  /** Does something in the moment before each batch. */
  const meddling = (first: () => Promise<unknown>) => {
    const DB = new Proxy(env.DB, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name)
        if (name !== 'batch') return typeof value === 'function' ? (value.bind(target) as unknown) : value
        return async (statements: D1PreparedStatement[]) => {
          await first()
          return target.batch(statements)
        }
      },
    })
    return callBy({ own: { ...ENV, DB } as Env })
  }

  it('gives up on an account whose address changes without end, and leaves the link', async () => {
    const { id, email, told } = await robbed()
    let upper = false
    const first = () => {
      upper = !upper
      return run('UPDATE users SET email = ? WHERE id = ?', upper ? email.toUpperCase() : email, id)
    }
    await expect(undoIn(meddling(first), told)).rejects.toMatchObject({ code: 'unavailable' })
    expect(await eventsOf(id)).not.toContain('undone')
    expect((await undo(told)).status).toBe(200)
  })

  it('cannot be prevented by whoever voids logins under way without end', async () => {
    const { id, told } = await robbed()
    const first = () => run('UPDATE users SET epoch = epoch + 1 WHERE id = ?', id)
    expect(await undoIn(meddling(first), told)).toMatchObject({ email_restored: false })
    expect(await eventsOf(id)).toContain('undone')
  })

  it('is told of by the webhook', async () => {
    const { id, told } = await robbed()
    await undo(told)
    const row = env.DB.prepare(`SELECT type FROM webhook_outbox WHERE user_id = ? AND type = 'user.undone'`).bind(id)
    expect((await row.all()).results).toHaveLength(1)
  })
})

describe('the notice of a new password', () => {
  it('says when, where and with which device, and does not sound like an alarm', async () => {
    const user = await robbed()
    const { text } = mailsTo(user.email).at(-1)!
    expect(text).toMatch(/\nTime: .* UTC\nPlace: 127\.0\.0\.1\nDevice: Unknown device\n/)
    expect(text).toContain('If this was you, there is nothing to do.')
    expect(text).toMatch(/\n\nThis was not me:\nhttps:\/\/login\.example\/undo\?token=[\w-]{43}\n$/)
  })

  it('has no link where there is no address for one', async () => {
    const user = await member()
    const own = callBy({ own: { ...env, PUBLIC_URL: undefined } as unknown as Env })
    expect(config(own.env).PUBLIC_URL).toBeUndefined()
    const users = sql`id = ${user.id}`
    await batch(env.DB, await undoableMail(own, passwordMails.passwordChanged, users, 'password_changed'))
    expect(await undosOf(user.id)).toEqual([])
    const row = await env.DB.prepare('SELECT sealed_token FROM outbox WHERE user_id = ?').bind(user.id).first()
    expect(row).toEqual({ sealed_token: null })
  })
})

describe('the undo of a change of address', () => {
  it('gives the account back the address that the notice went to, and the reset goes there', async () => {
    const user = await member()
    const theirs = await move(user.id)
    expect(subjectsTo(user.email).at(-1)).toBe('Your email address was changed')
    expect(subjectsTo(theirs).at(-1)).toBe('Your new email address')
    const answer = await undo(undoToken(user.email))
    expect(await answer.json()).toEqual({ email_restored: true, factors_removed: 0, factor_stays: false })
    expect(await userAt(user.email)).toMatchObject({ id: user.id, email_verified: 1, hashed_password: null })
    expect(await userAt(theirs)).toBeNull()
    expect(subjectsTo(theirs).at(-1)).toBe('Your account has its previous address again')
    expect((await eventsOf(user.id)).slice(-2)).toEqual(['undone', 'email_changed'])
    const before = mailsTo(theirs).length
    await forgot(theirs)
    expect(mailsTo(theirs)).toHaveLength(before)
    await forgot(user.email)
    expect((await reset(mailedToken(user.email))).status).toBe(204)
    expect((await login(user.email, NEW_PASSWORD)).status).toBe(200)
  })

  it('is done by every earlier link of the same address, too', async () => {
    const user = await member()
    await newPassword(user, PASSWORD)
    const earlier = undoToken(user.email)
    await move(user.id)
    const later = undoToken(user.email)
    expect(later).not.toBe(earlier)
    expect((await undo(earlier)).status).toBe(200)
    expect((await userAt(user.email))?.id).toBe(user.id)
    await expectProblem(await undo(later), 400, 'invalid_one_time_token')
  })

  it('voids the links of the later owner, so that nobody takes the account back again', async () => {
    const user = await member()
    const theirs = await move(user.id)
    const { token } = await sessionFor(user.id)
    await newPassword({ ...user, token }, PASSWORD)
    const [mine, ofThief] = [undoToken(user.email), undoToken(theirs)]
    expect((await undo(mine)).status).toBe(200)
    await expectProblem(await undo(ofThief), 400, 'invalid_one_time_token')
    expect(await undosOf(user.id)).toEqual([])
    expect((await userAt(user.email))?.id).toBe(user.id)
  })

  it('of two moves in a row: the earliest owner wins, whichever link is used first, and both at once', async () => {
    for (const order of ['earlier first', 'later first', 'both at once']) {
      const user = await member()
      const second = await move(user.id)
      const third = await move(user.id)
      const [ofFirst, ofSecond] = [undoToken(user.email), undoToken(second)]
      const links = order === 'earlier first' ? [ofFirst, ofSecond] : [ofSecond, ofFirst]
      const statuses: number[] = []
      if (order === 'both at once') {
        statuses.push(...(await Promise.all(links.map(undo))).map(({ status }) => status))
      } else {
        for (const link of links) statuses.push((await undo(link)).status)
      }
      if (order === 'earlier first') expect(statuses).toEqual([200, 400])
      if (order === 'later first') expect(statuses).toEqual([200, 200])
      expect(statuses).toContain(200)
      expect((await userAt(user.email))?.id).toBe(user.id)
      expect([await userAt(second), await userAt(third)]).toEqual([null, null])
    }
  })

  it('is no way back to an address that was not kept, such as one that an operator changed', async () => {
    const user = await robbed()
    await run('UPDATE users SET email = ? WHERE id = ?', nobody(), user.id)
    const before = await dump()
    await expectProblem(await undo(user.told), 400, 'invalid_one_time_token')
    expect(await dump()).toEqual(before)
  })

  it('leaves an address to whoever has it meanwhile, and the link as it is', async () => {
    const user = await member()
    await move(user.id)
    const other = await member()
    await run('UPDATE users SET email = ? WHERE id = ?', user.email, other.id)
    const before = await dump()
    await expectProblem(await undo(undoToken(user.email)), 409, 'email_taken')
    expect(await dump()).toEqual(before)
    await run('DELETE FROM users WHERE id = ?', other.id)
    expect((await undo(undoToken(user.email))).status).toBe(200)
  })

  it('is not for whoever moved the account to somebody else’s address, once seven days are over', async () => {
    const his = await member()
    const hers = await move(his.id)
    await forgot(hers)
    expect((await reset(mailedToken(hers))).status).toBe(204)
    expect(mailsTo(hers).some(({ text }) => text.includes('For seven days'))).toBe(true)
    clock.forward(7 * DAY)
    await expectProblem(await undo(undoToken(his.email)), 400, 'invalid_one_time_token')
    expect((await login(hers, NEW_PASSWORD)).status).toBe(200)
  })
})

describe('an address that an account has just left', () => {
  async function left() {
    const user = await member()
    const target = await move(user.id)
    return { ...user, target, before: mailsTo(user.email).length }
  }

  it('cannot be registered for seven days, and the answer does not say so', async () => {
    const { email, before } = await left()
    const [refused, granted] = [await register(email), await register(nobody())]
    expect([refused.status, await refused.text()]).toEqual([granted.status, await granted.text()])
    expect(await userAt(email)).toBeNull()
    expect(mailsTo(email)).toHaveLength(before)
    clock.forward(7 * DAY)
    await register(email)
    expect(await userAt(email)).not.toBeNull()
  })

  it('cannot be taken by another account, neither asked for nor confirmed', async () => {
    const [{ email, before }, other] = [await left(), await member()]
    const json = { email, password: PASSWORD }
    expect((await call('POST', '/user/email', { json, ...bearer(other.token) })).status).toBe(202)
    expect(mailsTo(email)).toHaveLength(before)
    // A link that was mailed while the address was free is no way in, either.
    const [early, passing, place] = [await member(), await member(), nobody()]
    await call('POST', '/user/email', { json: { email: place, password: PASSWORD }, ...bearer(early.token) })
    const link = mailedToken(place)
    await move(passing.id, place)
    await move(passing.id)
    await expectProblem(await verify(link), 409, 'email_taken')
    expect(await userAt(place)).toBeNull()
  })

  it('cannot be given to a new account by an administrator', async () => {
    const { email } = await left()
    const admin = await administrator()
    const json = { email, email_verified: true, password: NEW_PASSWORD }
    await expectProblem(await call('POST', '/admin/users', { json, ...bearer(admin.token) }), 409, 'email_taken')
    clock.forward(7 * DAY)
    const later = await sessionFor(admin.id)
    expect((await call('POST', '/admin/users', { json, ...bearer(later.token) })).status).toBe(201)
  })

  it('is free for the account itself', async () => {
    const { id, email } = await left()
    await move(id, email)
    expect((await userAt(email))?.id).toBe(id)
  })

  it('is free again when the account is deleted', async () => {
    const { id, email } = await left()
    const kept = () =>
      env.DB.prepare(`SELECT ${isKept(callBy(), email).text} AS kept`).bind(...isKept(callBy(), email).params)
    expect(await kept().first('kept')).toBe(1)
    await run('DELETE FROM users WHERE id = ?', id)
    expect(await kept().first('kept')).toBe(0)
  })
})

describe('GET /undo', () => {
  it('says what would be undone, and changes nothing', async () => {
    const user = await member()
    await move(user.id)
    const token = undoToken(user.email)
    const before = await dump()
    for (const method of ['GET', 'HEAD']) expect((await call(method, `/undo?token=${token}`)).status).toBe(200)
    const text = await (await open(`/undo?token=${token}`)).text()
    expect(text).toContain('The email address of your account was changed.')
    expect(text).toContain('The account gets back the address that this link was mailed to.')
    expect(text).toContain('The password no longer works.')
    expect(text).not.toContain(user.email)
    expect(await dump()).toEqual(before)
    const korean = await (await open(`/undo?token=${token}&lang=ko`)).text()
    expect(korean).toContain('계정의 이메일 주소가 변경되었습니다.')
    expect(korean).toContain('이 링크를 받은 주소로 되돌아갑니다.')
  })

  it('says so when the link is void, and leads to a new password', async () => {
    for (const path of ['/undo', '/undo?token=x', `/undo?token=${'a'.repeat(43)}`]) {
      const page = await open(path)
      expect(page.status).toBe(400)
      expect(await page.text()).toContain('href="/forgot"')
    }
  })
})

describe('POST /undo', () => {
  it('undoes it and leads to a new password', async () => {
    const user = await robbed()
    const page = await submit('/undo', { token: user.told })
    expect(leadsTo(page)).toEqual([303, '/forgot?done=undone'])
    expect(page.headers.get('Set-Cookie')).toBeNull()
    expect(await (await open('/forgot?done=undone')).text()).toContain('all devices are signed out')
    const again = await submit('/undo', { token: user.told })
    expect(again.status).toBe(400)
  })

  it('is refused from another site', async () => {
    const user = await robbed()
    const page = await submit('/undo', { token: user.told }, undefined, { 'Sec-Fetch-Site': 'cross-site' })
    expect(page.status).toBe(403)
    expect((await eventsOf(user.id)).includes('undone')).toBe(false)
  })
})
