import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { now } from '../../../src/lib/time.ts'
import {
  type Begun,
  bearer,
  call,
  callIn,
  claimsOf,
  codeFor,
  dump,
  ENV,
  enterCode,
  eventsOf,
  expectProblem,
  freshDatabase,
  linksOf,
  login,
  mailedCode,
  mailedToken,
  mailsTo,
  member,
  nobody,
  otherThan,
  PASSWORD,
  register,
  run,
  sessionFor,
  subjectsTo,
  userAt,
  verify,
} from '../../support.ts'

freshDatabase()

describe('a code for an address that nobody has confirmed', () => {
  it('confirms it and signs in its owner', async () => {
    const email = nobody()
    await register(email)
    const { ticket, code } = await codeFor(email)
    const answer = await enterCode(ticket, code)
    expect(answer.status).toBe(200)
    const { access_token } = await answer.json<{ access_token: string }>()
    expect((await call('GET', '/user/me', bearer(access_token))).status).toBe(200)
    const user = (await userAt(email))!
    expect(user).toMatchObject({ email_verified: 1, hashed_password: null, password_set_at: null })
    expect((await eventsOf(user.id)).slice(-2)).toEqual(['email_verified', 'login_succeeded'])
  })

  it('removes everything that somebody else may have set, and ends what they have', async () => {
    const email = nobody()
    await register(email)
    const token = mailedToken(email)
    const { id } = (await userAt(email))!
    const theirs = await sessionFor(id)
    await run('INSERT INTO recovery_codes (user_id, hash) VALUES (?, ?)', id, 'r'.padEnd(43, 'r'))
    // As a Worker from before epochs wrote it.
    const insert = `INSERT INTO one_time_tokens (user_id, purpose, hash, email, expires_at)
      VALUES (?, 'email_change', ?, 'moved@example.com', ?)`
    await run(insert, id, 'h'.repeat(43), now() + 600)
    const { ticket, code } = await codeFor(email)
    await expectProblem(await enterCode(ticket, otherThan(code)), 401, 'invalid_code')
    expect(await userAt(email)).toMatchObject({ email_verified: 0, hashed_password: expect.any(String) })
    expect((await enterCode(ticket, code)).status).toBe(200)

    await expectProblem(await login(email, PASSWORD), 401, 'invalid_credentials')
    await expectProblem(await call('GET', '/user/me', bearer(theirs.token)), 401, 'invalid_token')
    const refreshing = { json: { refresh_token: theirs.refresh_token } }
    await expectProblem(await call('POST', '/user/refresh', refreshing), 401, 'invalid_refresh_token')
    await expectProblem(await verify(token), 400, 'invalid_one_time_token')
    expect(await linksOf(id)).toEqual([])
    expect((await dump()).recovery_codes!.filter(({ user_id }) => user_id === id)).toEqual([])
    expect((await dump()).users!.find((user) => user.id === id)).toMatchObject({ second_factor: 0 })
  })

  it('is worth nothing with a wrong code: what was registered stays', async () => {
    const email = nobody()
    await register(email)
    const token = mailedToken(email)
    const { ticket, code } = await codeFor(email)
    await enterCode(ticket, otherThan(code))
    expect((await verify(token)).status).toBe(204)
    await expectProblem(await enterCode(ticket, code), 401, 'invalid_code') // the confirmation raised the epoch
    expect((await login(email)).status).toBe(200)
  })

  it('lets one of fifty win, who is then the owner', async () => {
    const email = nobody()
    await register(email)
    const { ticket, code } = await codeFor(email)
    const answers = await Promise.all(Array.from({ length: 50 }, () => enterCode(ticket, code)))
    const won = answers.filter(({ status }) => status === 200)
    expect(won).toHaveLength(1)
    const { id } = (await userAt(email))!
    expect((await eventsOf(id)).filter((event) => event === 'email_verified')).toHaveLength(1)
    const { access_token } = await won[0]!.json<{ access_token: string }>()
    expect((await call('GET', '/user/me', bearer(access_token))).status).toBe(200)
  })

  it('leaves the password of a confirmed account as it is', async () => {
    const { email } = await member()
    const { ticket, code } = await codeFor(email)
    expect((await enterCode(ticket, code)).status).toBe(200)
    expect((await login(email)).status).toBe(200)
  })
})

describe('a code that registers', () => {
  const OPEN = { ...ENV, CODE_REGISTERS: 'on' } as Env
  const ask = async (email: string, own = OPEN) => {
    const answer = await callIn(own, 'POST', '/user/login/code', { json: { email } })
    expect(answer.status).toBe(202)
    return { ticket: (await answer.json<Begun>()).ticket, code: mailedCode(email) }
  }
  const enter = (json: object, own = OPEN) => callIn(own, 'POST', '/user/login/code/verify', { json })

  it('creates the account when it is entered, and not before', async () => {
    const email = nobody()
    const asked = await ask(email.toUpperCase().replace('EXAMPLE.COM', 'Example.com'))
    expect(asked.code).toBe('')
    const code = mailedCode(email)
    expect(subjectsTo(email)).toEqual(['Your code to create an account'])
    expect(await userAt(email)).toBeNull()
    await expectProblem(await enter({ ticket: asked.ticket, code: otherThan(code) }), 401, 'invalid_code')
    expect(await userAt(email)).toBeNull()
    const answer = await enter({ ticket: asked.ticket, code })
    expect(answer.status).toBe(200)
    const user = (await userAt(email))!
    expect(user).toMatchObject({ email, email_verified: 1, hashed_password: null, language: 'en' })
    expect(await eventsOf(user.id)).toEqual(['registered', 'login_succeeded'])
    const { access_token } = await answer.json<{ access_token: string }>()
    expect(claimsOf(access_token)).toMatchObject({ user_id: user.id })
    expect((await dump()).users!.find(({ id }) => id === user.id)).toMatchObject({ created_at: now() })
  })

  it('creates one account of fifty', async () => {
    const email = nobody()
    const asked = await ask(email)
    const answers = await Promise.all(Array.from({ length: 50 }, () => enter(asked)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    const { id } = (await userAt(email))!
    expect((await eventsOf(id)).filter((event) => event === 'registered')).toHaveLength(1)
  })

  it.each([[{ CODE_REGISTERS: 'off' }], [{ CODE_REGISTERS: 'on', REGISTRATION: 'closed' }]])(
    'mails nothing and creates nothing with %j',
    async (settings) => {
      const own = { ...ENV, ...settings } as Env
      const email = nobody()
      const asked = await ask(email, own)
      expect(mailsTo(email)).toEqual([])
      await expectProblem(await enter({ ...asked, code: 'ABCD-EFGH' }, own), 401, 'invalid_code')
      const other = nobody()
      const before = await ask(other)
      await expectProblem(await enter(before, own), 401, 'invalid_code')
      expect([await userAt(email), await userAt(other)]).toEqual([null, null])
    },
  )

  it('sends nothing to what is no address', async () => {
    const typed = ['no address', 'two@addresses@example.com', 'ｆｕｌｌ@example.com']
    for (const email of typed) await ask(email)
    const rows = (await dump()).login_codes!.filter(({ email }) => typed.includes(email as string))
    expect(rows.map(({ epoch }) => epoch)).toEqual([null, null, null])
  })

  it('does not wait for somebody who registered the address meanwhile without confirming it', async () => {
    const email = nobody()
    const asked = await ask(email)
    await register(email)
    const pre = (await userAt(email))!
    expect((await enter(asked)).status).toBe(200)
    const user = (await userAt(email))!
    expect(user.id).not.toBe(pre.id)
    expect(user).toMatchObject({ email_verified: 1, hashed_password: null })
    await expectProblem(await login(email), 401, 'invalid_credentials')
  })

  it('is void once somebody has confirmed the address meanwhile', async () => {
    const email = nobody()
    const asked = await ask(email)
    await register(email)
    expect((await verify(mailedToken(email))).status).toBe(204)
    await expectProblem(await enter(asked), 401, 'invalid_ticket')
    expect((await login(email)).status).toBe(200)
    expect(await env.DB.prepare('SELECT count(*) AS n FROM users WHERE email = ?').bind(email).first('n')).toBe(1)
  })

  it('does not take an address that is kept free for the account that had it', async () => {
    const keep = async (email: string) => {
      const { id } = await member()
      const insert = `INSERT INTO undos (hash, user_id, what, email, created_at, expires_at)
        VALUES (?, ?, 'email_changed', ?, ?, ?)`
      await run(insert, `kept${id}`.padEnd(43, 'k'), id, email, now(), now() + 600)
    }
    const [before, meanwhile] = [nobody(), nobody()]
    await keep(before)
    expect((await ask(before)).code).toBe('')
    const asked = await ask(meanwhile)
    await keep(meanwhile)
    await expectProblem(await enter(asked), 401, 'invalid_ticket')
    expect([await userAt(before), await userAt(meanwhile)]).toEqual([null, null])
  })

  it('sends a known address the code to sign in', async () => {
    const { email } = await member()
    const asked = await ask(email)
    expect(subjectsTo(email)).toEqual(['Your code to sign in'])
    expect((await enter(asked)).status).toBe(200)
  })

  it('sends nothing to a disabled account', async () => {
    const { email } = await member({ disabled_at: 1 })
    await ask(email)
    expect(mailsTo(email)).toEqual([])
  })
})
