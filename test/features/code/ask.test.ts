import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { codeHash, newCode, readCode, spelled } from '../../../src/features/code/code.ts'
import {
  askCode,
  type Begun,
  call,
  callBy,
  callFrom,
  callIn,
  CALM,
  clock,
  codeFor,
  dump,
  ENV,
  enterCode,
  eventsOf,
  expectProblem,
  forgot,
  freshAddress,
  freshDatabase,
  login,
  mailedCode,
  mailedCodeLink,
  mails,
  mailsTo,
  member,
  nobody,
  now,
  run,
  runCron,
  seen,
  stateFor,
  subjectsTo,
  waitingFor,
  PASSWORD,
} from '../../support.ts'

freshDatabase()

/** A response without its ticket, but with the ticket's length. */
async function seenWithoutTicket(answer: Response) {
  const { text, ...rest } = await seen(answer)
  return { ...rest, text: text.replace(/lkt_[\w-]+/, (ticket) => `ticket of ${ticket.length}`) }
}

const codesOf = async (email: string) =>
  (await env.DB.prepare('SELECT * FROM login_codes WHERE email = ? ORDER BY rowid').bind(email).all()).results

describe('a code', () => {
  it('has eight characters that nobody mistakes for another, each as likely as any', () => {
    const codes = Array.from({ length: 3_000 }, newCode)
    expect(codes.filter((code) => !/^[2-9A-HJKMNP-TV-Z]{8}$/.test(code))).toEqual([])
    expect(new Set(codes).size).toBe(codes.length)
    const counts = Object.values(Object.groupBy(codes.join(''), (character) => character)).map((all) => all!.length)
    expect(counts).toHaveLength(30)
    expect(Math.min(...counts)).toBeGreaterThan(650) // 800 on average
    expect(Math.max(...counts)).toBeLessThan(950)
  })

  it.each([
    ['ABCD-EFGH', 'ABCDEFGH'],
    [' abcd efgh\n', 'ABCDEFGH'],
    ['ａｂｃｄ－ｅｆｇｈ', 'ABCDEFGH'],
    ['ab–cd—ef\u00adgh', 'ABCDEFGH'],
    ['ABCDEFG', undefined],
    ['ABCDEFGHJ', undefined],
    ['ABCDEFG0', undefined],
    ['ABCDEFGI', undefined],
    ['', undefined],
  ])('%j is read as %j', (typed, code) => {
    expect(readCode(typed)).toBe(code)
  })
})

it('has another hash with every ticket, so that no row serves for another', async () => {
  const [{ settings }, code] = [callBy(), newCode()]
  const hashes = await Promise.all(['one', 'two'].map((id) => codeHash(settings, id, code)))
  expect(new Set(hashes).size).toBe(2)
  expect(await codeHash(settings, 'one', code)).toBe(hashes[0])
})

describe('POST /user/login/code', () => {
  it('mails a code and a link to the account, which names the service and warns', async () => {
    const { id, email } = await member()
    const answer = await askCode(`\n${email} `)
    expect(answer.status).toBe(202)
    expect(await answer.json()).toEqual({ ticket: expect.stringMatching(/^lkt_[\w-]+$/), expires_in: 600 })
    const [mail, ...others] = mailsTo(email)
    expect(others).toEqual([])
    expect(subjectsTo(email)).toEqual(['Your code to sign in'])
    const code = mailedCode(email)
    expect(mail!.subject).not.toContain(code)
    expect(mail!.html).toContain(`>${code}</p>`)
    expect(mail!.text).toContain('Never pass the code on')
    expect(mailedCodeLink(email)).toMatch(/^\/login\/code\/verify\?token=[\w-]{60,}$/)
    expect(mailedCodeLink(email)).not.toContain(code.replace('-', ''))
    expect(await eventsOf(id)).toEqual(['login_succeeded', 'login_code_requested'])
  })

  it('mails in the language of the account', async () => {
    const { id, email } = await member()
    await run("UPDATE users SET language = 'ko' WHERE id = ?", id)
    await askCode(email)
    expect(subjectsTo(email)).toEqual(['로그인 인증 코드'])
  })

  it('says the same of an unknown, a disabled, an unconfirmed and a known address, and of what is none', async () => {
    const length = (await member()).email.length
    const pad = (name: string) => `${name}@${'x'.repeat(length)}.example`.padStart(60, 'a')
    const [known, disabled, unconfirmed] = [pad('known'), pad('disabled'), pad('unconfirmed')]
    await member({ email: known })
    await member({ email: disabled, disabled_at: 1 })
    await member({ email: unconfirmed, email_verified: 0 })
    const answers = []
    for (const email of [known, disabled, unconfirmed, pad('unknown'), 'no address at all'.padStart(60, 'a')]) {
      answers.push(await seenWithoutTicket(await askCode(email)))
    }
    expect(answers[0]).toMatchObject({ status: 202, text: expect.stringContaining('"expires_in":600') })
    for (const answer of answers) expect(answer).toEqual(answers[0])
    expect([known, disabled, unconfirmed, pad('unknown')].map((to) => mailsTo(to).length)).toEqual([1, 0, 1, 0])
  })

  it('tells nothing in its ticket: not the user, and the address only to us', async () => {
    const { email } = await member()
    for (const address of [email, nobody()]) {
      const { ticket } = await (await askCode(address)).json<Begun>()
      const name = atob(ticket.slice(4, -6).replaceAll('-', '+').replaceAll('_', '/'))
      const content = JSON.parse(name.slice(0, -32)) as Record<string, unknown>
      expect(content).toEqual({
        id: expect.any(String),
        spends: [],
        methods: [],
        at: now(),
        until: now() + 600,
        data: expect.stringMatching(/^[\w-]+$/),
      })
      expect(ticket).not.toContain(address)
    }
  })

  it('writes a row for an unknown address as for a known one', async () => {
    const { email } = await member()
    const unknown = nobody()
    await askCode(email)
    await askCode(unknown)
    const [[mine], [theirs]] = [await codesOf(email), await codesOf(unknown)]
    expect(mine).toMatchObject({ guesses: 0, until: now() + 600, hash: expect.stringMatching(/^[\w-]{43}$/) })
    expect(theirs).toMatchObject({ guesses: 0, until: now() + 600, hash: expect.stringMatching(/^[\w-]{43}$/) })
    expect(mine!.user_id).not.toBeNull()
    expect([theirs!.user_id, theirs!.epoch]).toEqual([null, null])
  })

  it.each([
    [{ email: ['victim@example.com', 'attacker@example.com'] }],
    [{ email: null }],
    [{ email: '' }],
    [{}],
    [{ ticket: 1 }],
    [{ email: 'victim@example.com\r\nBcc: attacker@example.com' }],
    [{ email: `${'a'.repeat(400)}@example.com` }],
  ])('refuses %j, and mails nobody', async (json) => {
    const before = await dump()
    await expectProblem(await call('POST', '/user/login/code', { json }), 422, 'invalid_body')
    expect(await dump()).toEqual(before)
  })

  it('sends mail to the address of the account alone', async () => {
    await member({ email: 'victim@example.com' })
    const before = mails.length
    for (const typed of ['victim@example.com,a@evil.example', 'victim\uff20example.com', 'v\u0131ctim@example.com']) {
      expect((await askCode(typed)).status).toBe(202)
    }
    expect(mails.length).toBe(before)
    await askCode('VICTIM@example.com')
    expect(mails.slice(before).map(({ to }) => to)).toEqual(['victim@example.com'])
  })

  it('does not exist where the setting is off, and says what is missing', async () => {
    const { email } = await member()
    const ask = (own: object) => callIn({ ...ENV, ...own } as Env, 'POST', '/user/login/code', { json: { email } })
    await expectProblem(await ask({ LOGIN_CODES: 'off' }), 404, 'not_found')
    const missing = async (own: object) => (await expectProblem(await ask(own), 503, 'not_ready')).errors
    expect(await missing({ PUBLIC_URL: '' })).toEqual([{ field: 'PUBLIC_URL', code: 'missing' }])
    expect(await missing({ LATCHKEY_SECRET: '' })).toEqual([{ field: 'LATCHKEY_SECRET', code: 'missing' }])
    expect(mailsTo(email)).toEqual([])
  })
})

it('is mailed where codes do not sign in, if a second factor is to be enrolled next', async () => {
  const { email } = await member()
  const ask = async (SECOND_FACTOR: string) => {
    const own = { ...ENV, LOGIN_CODES: 'off', SECOND_FACTOR } as unknown as Env
    const first = await callIn(own, 'POST', '/user/login', { json: { email, password: PASSWORD } })
    const { ticket } = await first.json<{ ticket?: string }>()
    return callIn(own, 'POST', '/user/login/code', { json: { ticket: ticket ?? '' } })
  }
  expect((await ask('everyone')).status).toBe(202)
  expect(mailsTo(email)).toHaveLength(1)
  await expectProblem(await ask('optional'), 401, 'invalid_ticket')
})

describe('the row of a code', () => {
  it('does not contain the code, and neither does anything else that is stored', async () => {
    const { email } = await member()
    const failing = { ...CALM, EMAIL: { send: () => Promise.reject(new Error('down')) } } as unknown as Env
    await callIn(failing, 'POST', '/user/login/code', { json: { email } })
    expect(await waitingFor(email)).toEqual(['login_code'])
    clock.forward(61)
    await runCron()
    const code = mailedCode(email)
    expect(code).not.toBe('')
    const stored = JSON.stringify(await dump())
    for (const form of [code, code.replace('-', '')]) expect(stored).not.toContain(form)
  })

  it('goes when its ten minutes are over, and with the account', async () => {
    const [gone, kept] = [await member(), await member()]
    await askCode(gone.email)
    await run('DELETE FROM users WHERE id = ?', gone.id)
    expect(await codesOf(gone.email)).toEqual([])
    await askCode(kept.email)
    clock.forward(599)
    await runCron()
    expect(await codesOf(kept.email)).toHaveLength(1)
    clock.forward(1)
    await runCron()
    expect(await codesOf(kept.email)).toEqual([])
  })

  it('is in the export', async () => {
    const user = await member()
    await askCode(user.email)
    const answer = await call('GET', '/user/me/export', { headers: { Authorization: `Bearer ${user.token}` } })
    expect(await answer.json()).toMatchObject({ login_codes: [{ email: user.email, until: now() + 600 }] })
  })

  it('is not mailed when the code can no longer be used', async () => {
    const { email } = await member()
    const failing = { ...CALM, EMAIL: { send: () => Promise.reject(new Error('down')) } } as unknown as Env
    await callIn(failing, 'POST', '/user/login/code', { json: { email } })
    clock.forward(601)
    await runCron()
    expect(mailsTo(email)).toEqual([])
    expect(await waitingFor(email)).toEqual([])
  })
})

describe('three codes of one address', () => {
  it('work, each with its own ticket; the fourth makes the oldest void', async () => {
    const { email } = await member()
    const codes = []
    for (let i = 0; i < 4; i++) codes.push(await codeFor(email))
    await expectProblem(await enterCode(codes[0]!.ticket, codes[0]!.code), 401, 'invalid_ticket')
    await expectProblem(await enterCode(codes[1]!.ticket, codes[2]!.code), 401, 'invalid_code')
    expect((await enterCode(codes[1]!.ticket, codes[1]!.code)).status).toBe(200)
  })

  it('are as many for an address that nobody has', async () => {
    const email = nobody()
    const tickets = []
    for (let i = 0; i < 4; i++) tickets.push((await codeFor(email)).ticket)
    await expectProblem(await enterCode(tickets[0], 'ABCD-EFGH'), 401, 'invalid_ticket')
    await expectProblem(await enterCode(tickets[1], 'ABCD-EFGH'), 401, 'invalid_code')
    expect(await codesOf(email)).toHaveLength(3)
  })
})

describe('the mails with a code that one address gets', () => {
  const ask = (email: string, ip = freshAddress(), more = {}) =>
    callFrom(ip, CALM, 'POST', '/user/login/code', { email, ...more })

  it('are ten a day for strangers, and no answer tells which', async () => {
    const [{ email }, unknown] = [await member({ email: 'full@a.example' }), 'none@a.example']
    const answers = []
    for (let i = 0; i < 15; i++) {
      for (const address of [email, unknown]) answers.push(await seenWithoutTicket(await ask(address)))
    }
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
    expect(mailsTo(email)).toHaveLength(10)
    clock.forward(86_400)
    await ask(email)
    expect(mailsTo(email)).toHaveLength(11)
  })

  it('leave the codes alone that were mailed before the limit', async () => {
    const { email } = await member()
    const { ticket, code } = await codeFor(email)
    await stateFor(email, (state) => ({ ...state, codes: { stranger: { started_at: now(), sent: 10 } } }))
    for (let i = 0; i < 5; i++) await ask(email)
    expect(mailsTo(email)).toHaveLength(1)
    expect((await enterCode(ticket, code)).status).toBe(200)
  })

  it('are counted apart from links: neither prevents the other', async () => {
    const [codes, links] = [await member(), await member()]
    for (let i = 0; i < 12; i++) {
      await ask(codes.email)
      await callFrom(freshAddress(), CALM, 'POST', '/user/password/forgot', { email: links.email })
    }
    await forgot(codes.email)
    await askCode(links.email)
    expect(subjectsTo(codes.email).at(-1)).toBe('Set a new password')
    expect(subjectsTo(links.email).at(-1)).toBe('Your code to sign in')
  })

  it('are counted apart for a device that signed in before, so strangers do not keep its owner out', async () => {
    const { email } = await member()
    const { device_token } = await (await login(email)).json<{ device_token: string }>()
    for (let i = 0; i < 12; i++) await ask(email)
    const before = mailsTo(email).length
    await ask(email)
    expect(mailsTo(email)).toHaveLength(before)
    const { ticket } = await (await ask(email, freshAddress(), { device_token })).json<Begun>()
    expect(mailsTo(email)).toHaveLength(before + 1)
    expect((await enterCode(ticket, mailedCode(email))).status).toBe(200)
    const { codes } = await stateFor(email)
    expect(codes).toMatchObject({ stranger: { sent: 10 }, known: { sent: 1 } })
  })

  it('are so many for a known device, too', async () => {
    const { email } = await member()
    const { device_token } = await (await login(email)).json<{ device_token: string }>()
    for (let i = 0; i < 33; i++) await ask(email, freshAddress(), { device_token })
    expect(mailsTo(email)).toHaveLength(30)
  })
})

it('spells a code in two groups', () => {
  expect(spelled('ABCDEFGH')).toBe('ABCD-EFGH')
})
