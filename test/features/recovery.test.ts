import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import {
  bearer,
  call,
  callIn,
  claimsOf,
  clock,
  codeAt,
  enrolApp,
  eventsOf,
  expectProblem,
  freshDatabase,
  ENV,
  mails,
  meanwhile,
  member,
  stateFor,
  ticketFor,
} from '../support.ts'

freshDatabase()

const signIn = (ticket: string, code: string) => call('POST', '/user/login/recovery', { json: { ticket, code } })
const renew = (token: string) => call('POST', '/user/recovery-codes', bearer(token))

async function protectedMember() {
  const user = await member()
  return { ...user, ...(await enrolApp(user)) }
}

const leftOf = (user_id: number) =>
  env.DB.prepare('SELECT count(*) AS n FROM recovery_codes WHERE user_id = ?').bind(user_id).first<number>('n')

describe('a recovery code', () => {
  it('stands in for the app once, and a mail says how many are left', async () => {
    const user = await protectedMember()
    const [code] = user.recovery_codes
    expect(code).toMatch(/^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){3}$/)
    const answer = await signIn(await ticketFor(user.email), code!)
    expect(answer.status).toBe(200)
    const { access_token } = await answer.json<{ access_token: string }>()
    expect(claimsOf(access_token)).toMatchObject({ acr: 'aal2', amr: ['pwd', 'mfa'] })
    expect(await leftOf(user.id)).toBe(9)
    expect(await eventsOf(user.id)).toContain('recovery_used')
    const sent = mails.filter(({ to, subject }) => to === user.email && subject.includes('recovery code was used'))
    expect(sent.map(({ text }) => /(\d+|One) codes? (?:are|is) left/.exec(text)?.[1])).toEqual(['9'])
    await expectProblem(await signIn(await ticketFor(user.email), code!), 401, 'invalid_code')
  })

  it.each([
    ['small letters and no hyphens', (code: string) => code.toLowerCase().replaceAll('-', '')],
    ['blanks', (code: string) => ` ${code.replaceAll('-', ' ')} `],
    ['letters for digits', (code: string) => code.replaceAll('0', 'O').replaceAll('1', 'l')],
  ])('is read with %s', async (_what, typed) => {
    const user = await protectedMember()
    expect((await signIn(await ticketFor(user.email), typed(user.recovery_codes[3]!))).status).toBe(200)
  })

  it('is not in the database', async () => {
    const user = await protectedMember()
    const { results } = await env.DB.prepare('SELECT * FROM recovery_codes').all()
    const stored = JSON.stringify(results)
    for (const code of user.recovery_codes) expect(stored).not.toContain(code.replaceAll('-', '').slice(0, 8))
  })

  it('works once of fifty times at once', async () => {
    const user = await protectedMember()
    const tickets: string[] = []
    while (tickets.length < 50) tickets.push(await ticketFor(user.email))
    const answers = await Promise.all(tickets.map((ticket) => signIn(ticket, user.recovery_codes[0]!)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    for (const { status } of answers) expect([200, 401, 429]).toContain(status)
    expect(await leftOf(user.id)).toBe(9)
    expect(mails.filter(({ to, subject }) => to === user.email && subject.includes('code was used'))).toHaveLength(1)
    expect((await eventsOf(user.id)).filter((event) => event === 'recovery_used')).toHaveLength(1)
  })

  it('is refused if new codes were made while it was judged', async () => {
    const user = await protectedMember()
    const gone = env.DB.prepare('DELETE FROM recovery_codes WHERE user_id = ?').bind(user.id)
    const json = { ticket: await ticketFor(user.email), code: user.recovery_codes[0]! }
    const answer = await callIn(meanwhile(ENV, gone), 'POST', '/user/login/recovery', { json })
    await expectProblem(answer, 401, 'invalid_ticket')
    expect(mails.filter(({ to, subject }) => to === user.email && subject.includes('code was used'))).toEqual([])
  })

  it('is guessed at in a bucket of its own', async () => {
    const user = await protectedMember()
    const ticket = await ticketFor(user.email)
    for (let i = 0; i < 5; i++) await expectProblem(await signIn(ticket, 'AAAA-AAAA-AAAA-AAAA'), 401, 'invalid_code')
    await expectProblem(await signIn(ticket, user.recovery_codes[0]!), 429, 'too_many_attempts')
    expect(Object.keys((await stateFor(user.email)).buckets)).toEqual(['recovery: stranger'])
    clock.forward(30)
    const other = await call('POST', '/user/login/totp', { json: { ticket, code: await codeAt(user.secret) } })
    expect(other.status).toBe(200)
  })

  it('confirms nothing: it is for a sign-in alone', async () => {
    const user = await protectedMember()
    const [recovery] = user.recovery_codes
    const answer = await call('POST', '/user/reauth', { ...bearer(user.token), json: { recovery } })
    await expectProblem(answer, 422, 'invalid_body')
  })

  it('signs nobody in of an account that has none', async () => {
    const [user, other] = [await protectedMember(), await protectedMember()]
    await expectProblem(await signIn(await ticketFor(user.email), other.recovery_codes[0]!), 401, 'invalid_code')
    expect(await leftOf(other.id)).toBe(10)
  })
})

describe('new recovery codes', () => {
  it('void the old ones, and need a second factor within ten minutes', async () => {
    const user = await protectedMember()
    await expectProblem(await renew(user.token), 401, 'fresh_login_required')
    clock.forward(30)
    const json = { totp: await codeAt(user.secret) }
    const { access_token } = await (
      await call('POST', '/user/reauth', { ...bearer(user.token), json })
    ).json<{
      access_token: string
    }>()
    const answer = await renew(access_token)
    expect(answer.status).toBe(200)
    const { recovery_codes } = await answer.json<{ recovery_codes: string[] }>()
    expect(recovery_codes).toHaveLength(10)
    expect(await leftOf(user.id)).toBe(10)
    expect(mails.at(-1)).toMatchObject({ to: user.email, subject: 'Latchkey: New recovery codes were made' })
    await expectProblem(await signIn(await ticketFor(user.email), user.recovery_codes[0]!), 401, 'invalid_code')
    expect((await signIn(await ticketFor(user.email), recovery_codes[0]!)).status).toBe(200)
  })

  it('are for accounts that ask for a second factor', async () => {
    const user = await member()
    await expectProblem(await renew(user.token), 409, 'no_second_factor')
    expect(await leftOf(user.id)).toBe(0)
  })
})
