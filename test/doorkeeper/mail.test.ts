import { describe, expect, it } from 'vitest'
import type { State } from '../../src/doorkeeper/state.ts'
import {
  callFrom,
  CALM,
  clock,
  expectProblem,
  freshAddress,
  freshDatabase,
  insertUser,
  loginFrom,
  mailedToken,
  mailsTo,
  nobody,
  now,
  PASSWORD,
  seen,
  stateFor,
} from '../support.ts'

freshDatabase()

const post = (path: string, json: unknown) => callFrom(freshAddress(), CALM, 'POST', path, json)
/** So many mails were admitted today. */
const withMails = (sent: number) => (state: State) => ({ ...state, mails: { started_at: now(), sent } })

describe('the mails that strangers can have sent to one address', () => {
  it('are ten in a day of fifty that are asked for, and no answer tells which', async () => {
    const [{ email }, unknown] = [await insertUser(), nobody()]
    const answers = []
    for (let i = 0; i < 50; i++) {
      const pair = [email, unknown].map((address) => post('/user/password/forgot', { email: address }))
      answers.push(...(await Promise.all((await Promise.all(pair)).map(seen))))
    }
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
    expect(answers[0]).toMatchObject({ status: 202, text: '{"status":"accepted"}' })
    expect(mailsTo(email)).toHaveLength(10)
    expect(mailsTo(unknown)).toEqual([])

    const last = mailedToken(email)
    const reset = { token: last, password: 'another password of mine' }
    expect((await post('/user/password/reset', reset)).status).toBe(204)
    expect(mailsTo(email)).toHaveLength(11) // what happened to the account is told all the same
    clock.forward(86_400)
    await post('/user/password/forgot', { email })
    expect(mailsTo(email)).toHaveLength(12)
  })

  it('leave the last link that was sent as it is, when there is nothing left', async () => {
    const { email } = await insertUser()
    await post('/user/password/forgot', { email })
    const token = mailedToken(email)
    await stateFor(email, withMails(10))
    await post('/user/password/forgot', { email })
    expect(mailsTo(email)).toHaveLength(1)
    expect((await post('/user/password/reset', { token, password: 'another password of mine' })).status).toBe(204)
  })

  it('are counted together, however they are asked for', async () => {
    const { email } = await insertUser({ email_verified: 0 })
    const typo = { email, password: 'not the password at all' }
    await stateFor(email, withMails(5))
    for (let round = 0; round < 2; round++) {
      expect((await post('/user/password/forgot', { email })).status).toBe(202)
      expect((await post('/user/email/resend', { email })).status).toBe(202)
      expect((await post('/user/register', typo)).status).toBe(202)
      clock.forward(1)
    }
    expect((await stateFor(email)).mails.sent).toBe(10)
    expect(mailsTo(email)).toHaveLength(5)
  })

  it('are no more because somebody who registered the address of another knows the password', async () => {
    const { email } = await insertUser({ email_verified: 0 })
    await stateFor(email, withMails(8))
    for (let i = 0; i < 4; i++) {
      await expectProblem(await loginFrom(freshAddress(), { email }, CALM), 403, 'email_not_verified')
    }
    await post('/user/email/resend', { email })
    expect((await stateFor(email)).mails.sent).toBe(10)
    expect(mailsTo(email)).toHaveLength(2)
    expect((await post('/user/email/verify', { token: mailedToken(email), password: PASSWORD })).status).toBe(204)
  })

  it('to another address are not fewer for it', async () => {
    const [full, other] = [await insertUser(), await insertUser()]
    await stateFor(full.email, (state) => ({
      ...state,
      mails: { started_at: Math.floor(Date.now() / 1000), sent: 10 },
    }))
    for (const { email } of [full, other]) await post('/user/password/forgot', { email })
    expect([mailsTo(full.email).length, mailsTo(other.email).length]).toEqual([0, 1])
  })
})
