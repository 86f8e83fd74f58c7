import { newTicket, type Ticket, writeTicket } from '../../src/core/ticket.ts'
import { CODE_TICKET } from '../../src/features/code/ask.ts'
import { codeHash, sealAddress } from '../../src/features/code/code.ts'
import type { State } from '../../src/doorkeeper/state.ts'
import { type Sql, sql } from '../../src/lib/sql.ts'
import {
  alike,
  type Alike,
  ALL_REVOKED,
  FRESH_INSTEAD,
  HERE_REVOKED,
  HERE_STANDING,
  LINK,
  mailed,
  NEWCOMER,
  opens,
  OWNER,
  OWNER_IS,
  OWNER_STAYS,
  PASSWORD,
  post,
  type Scenario,
  SECRETS,
  settings,
  SIGNED_IN,
  THEN,
  unconfirmed,
  withoutPassword,
} from '../faults/world.ts'

const moment = { settings, now: THEN }
const CODE = 'ABCDEFGH'
/** The owner proved the address here: nothing but the details of the line tells. */
const PROVEN = [OWNER_IS, `+ ${OWNER_STAYS}`]
SECRETS.push(CODE, 'ABCD-EFGH')

/** The ticket of a code that was mailed to an address, as JSON has it and as the table has it. */
async function asked(email: string, user: { id: Sql; epoch: number }): Promise<{ ticket: string; row: Sql }> {
  const ticket: Ticket = newTicket(moment)
  ticket.data = await sealAddress(settings, ticket.id, email)
  const hash = await codeHash(settings, ticket.id, CODE)
  const row = sql`INSERT INTO login_codes (id, email, user_id, epoch, hash, until)
    VALUES (${ticket.id}, ${email}, ${user.id}, ${user.epoch}, ${hash}, ${ticket.until})`
  return { ticket: await writeTicket(moment, CODE_TICKET, ticket), row }
}

const owners = await asked(OWNER, { id: sql`1`, epoch: 0 })
const newcomers = await asked(NEWCOMER, { id: sql`NULL`, epoch: 0 })
const right = { ticket: owners.ticket, code: 'abcd efgh' }
const registers = { CODE_REGISTERS: 'on' } as unknown as Partial<Env>

/** The ticket of a sign-in whose password was right. */
const STEP = await writeTicket(moment, 'login', newTicket(moment, { user: { id: 1, epoch: 0 }, methods: ['password'] }))

const withoutCodes = (state: State): State => ({ ...state, codes: { stranger: { started_at: THEN, sent: 10 } } })
const worksOnce = async () => {
  const answer = await post('/user/login/code/verify', right)
  if (answer.status !== 200) throw new Error(`the code that was mailed before works no more: ${await answer.text()}`)
}

export const scenarios: (Scenario | Alike)[] = [
  {
    route: 'POST /user/login/code',
    when: 'for an address that has an account',
    ask: { json: { email: OWNER } },
    answers: 202,
    changes: [
      '+ login_codes of owner',
      '+ mail to owner@example.com: Your code to sign in',
      '+ audit: login_code_requested of owner in nothing',
    ],
    asks: ['admitMail'],
    remembers: ['+ owner: codes stranger 1'],
  },
  {
    route: 'POST /user/login/code',
    when: 'for an unknown address',
    ask: { json: { email: NEWCOMER } },
    answers: 202,
    changes: ['+ login_codes of nobody', '+ audit: login_code_requested of nobody in nothing'],
    asks: ['admitMail'],
    remembers: ['+ newcomer: codes stranger 1'],
  },
  {
    route: 'POST /user/login/code',
    when: 'for an unknown address, where codes register',
    ask: { settings: registers, json: { email: NEWCOMER } },
    answers: 202,
    changes: [
      '+ login_codes of nobody',
      '+ mail to newcomer@example.com: Your code to create an account',
      '+ audit: login_code_requested of nobody in nothing',
    ],
    asks: ['admitMail'],
    remembers: ['+ newcomer: codes stranger 1'],
  },
  {
    route: 'POST /user/login/code',
    when: 'for an address that has had its codes of the day',
    given: [owners.row],
    remembered: withoutCodes,
    ask: { json: { email: OWNER } },
    answers: 202,
    changes: ['+ login_codes of owner', '+ audit: login_code_requested (mail_limit) of owner in nothing'],
    asks: ['admitMail'],
    lastly: worksOnce,
  },
  {
    route: 'POST /user/login/code',
    when: 'with the ticket of a step',
    ask: { json: { ticket: STEP } },
    answers: 202,
    changes: [
      '+ login_codes of owner',
      '+ mail to owner@example.com: Your code to sign in',
      '+ audit: login_code_requested of owner in nothing',
    ],
    asks: ['admitMail'],
    remembers: ['+ owner: codes proven 1'],
  },
  {
    route: 'POST /user/login/code/verify',
    when: 'with the right code',
    given: [owners.row],
    ask: { json: right },
    answers: 200,
    changes: [...SIGNED_IN, ...PROVEN, '- login_codes of owner'],
    again: [401, 'invalid_ticket'],
    asks: ['admit', 'settle', 'welcome'],
    remembers: ['+ owner: device new'],
  },
  {
    route: 'POST /user/login/code/verify',
    when: 'with a wrong code',
    given: [owners.row],
    ask: { json: { ...right, code: 'ABCD-EFGJ' } },
    answers: [401, 'invalid_code'],
    changes: ['+ audit: login_failed (wrong_code) of owner in nothing'],
    asks: ['admit'],
    remembers: ['+ owner: attempts 1', '+ owner: failures of code: 1'],
    lastly: worksOnce,
  },
  {
    route: 'POST /user/login/code/verify',
    when: 'for an address that nobody had confirmed',
    given: [unconfirmed, mailed('verify'), owners.row],
    ask: { json: right },
    answers: 200,
    changes: [
      '- user owner: owner@example.com, unconfirmed, old password',
      '+ user owner: owner@example.com, confirmed, no password',
      '- link: verify of owner to owner@example.com, given',
      '+ audit: email_verified of owner in nothing',
      ...ALL_REVOKED,
      ...SIGNED_IN,
      '- login_codes of owner',
    ],
    steps: 2,
    again: [401, 'invalid_ticket'],
    asks: ['admit', 'settle', 'passwordReplaced', 'welcome'],
    remembers: ['- owner: device phone', '+ owner: device new'],
    lastly: async () => {
      await opens(PASSWORD, 401)
      const { status } = await post('/user/email/verify', { token: LINK, password: PASSWORD })
      if (status !== 400) throw new Error('a link of before still works')
    },
  },
  {
    route: 'POST /user/login/code/verify',
    when: 'for an unknown address, where codes register',
    given: [newcomers.row],
    ask: { settings: registers, json: { ...right, ticket: newcomers.ticket } },
    answers: 200,
    changes: [
      '+ user newcomer: newcomer@example.com, confirmed, no password',
      '+ audit: registered of newcomer in nothing',
      '+ audit: login_succeeded of newcomer in new',
      '+ session new of newcomer: standing, generation 0, password typed at +0',
      '- login_codes of nobody',
    ],
    steps: 2,
    again: [401, 'invalid_ticket'],
    asks: ['admit', 'settle', 'welcome'],
    remembers: ['+ newcomer: device new'],
  },
  {
    route: 'POST /account/confirm',
    when: 'with a mailed code',
    given: [owners.row],
    ask: { as: 'cookie', form: { method: 'code', ...right } },
    answers: 303,
    changes: [...FRESH_INSTEAD, ...PROVEN, '- login_codes of owner'],
    again: 303,
    asks: ['admit', 'settle'],
  },
  {
    route: 'POST /account/confirm',
    when: 'asking for a code, without a password',
    given: [withoutPassword],
    ask: { as: 'cookie', form: { begin: 'code' } },
    answers: 200,
    changes: [
      '+ login_codes of owner',
      '+ mail to owner@example.com: Your code to sign in',
      '+ audit: login_code_requested of owner in nothing',
    ],
    asks: ['admitMail'],
    remembers: ['+ owner: codes stranger 1'],
  },
  alike('POST /user/login/code', 'POST /login/code', { form: { email: OWNER } }),
  {
    route: 'POST /login/code/verify',
    when: 'with the right code, over a session that stands',
    given: [owners.row],
    ask: { as: 'cookie', cookie: `__Host-latchkey-code=${owners.ticket}`, form: { code: right.code } },
    answers: 303,
    changes: [
      ...SIGNED_IN,
      ...PROVEN,
      '- login_codes of owner',
      HERE_STANDING,
      ...HERE_REVOKED,
      '+ audit: logged_out of owner in here',
    ],
    again: [401, 'invalid_ticket'],
    asks: ['admit', 'settle', 'welcome'],
    remembers: ['+ owner: device new'],
  },
]

/** Routes that never ask the database, with a request to each. */
export const withoutD1 = {
  'GET /login/code': '/login/code',
  'GET /login/code/verify': '/login/code/verify?token=x',
}
