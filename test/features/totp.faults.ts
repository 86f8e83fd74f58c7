import { newTicket, writeTicket } from '../../src/core/ticket.ts'
import { sealSecret } from '../../src/features/totp/sealing.ts'
import { sql } from '../../src/lib/sql.ts'
import {
  alike,
  AT,
  byOwner,
  EPOCH_RAISED,
  FRESH_INSTEAD,
  HERE,
  type Alike,
  type Scenario,
  SECRETS,
  settings,
  SIGNED_IN,
  THEN,
} from '../faults/world.ts'
import { codeAt, wrongCode } from '../world/totp.ts'

const SECRET = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'
SECRETS.push(SECRET)

export const APP = 'app'.padEnd(22, 'A')
const { secret, key_name } = await sealSecret(settings, SECRET, { user_id: 1, id: APP })
const [CODE, WRONG] = [await codeAt(SECRET, AT), await wrongCode(SECRET, AT)]

/** The owner's app. It raises the epoch, and so does the switch. */
const app = (confirmed_at: number | null) =>
  sql`INSERT INTO totp (user_id, id, secret, key_name, created_at, confirmed_at)
    VALUES (1, ${APP}, ${secret}, ${key_name}, ${THEN}, ${confirmed_at})`
export const protectedBy = [app(THEN), sql`UPDATE users SET second_factor = 1 WHERE id = 1`]
const shown = sql`UPDATE sessions SET shown = json_object('password', ${THEN}, 'totp', ${THEN}) WHERE id = ${HERE}`
export const codes = sql`INSERT INTO recovery_codes (user_id, hash, created_at) VALUES (1, ${'h'.repeat(43)}, ${THEN})`

const ticketOf = (epoch: number, methods: string[]) =>
  writeTicket({ settings, now: THEN }, 'login', newTicket({ settings, now: THEN }, { user: { id: 1, epoch }, methods }))
/** Where the settings demand two factors, after the password and a mailed code. */
const ENROLLING = { ticket: await ticketOf(0, ['password', 'code']) }
const everyone = { SECOND_FACTOR: 'everyone' } as Partial<Env>
export const TICKET = await ticketOf(2, ['password'])

const APP_USED = ['- totp of owner', '+ totp of owner']
const WRONG_CODE = ['+ audit: login_failed (wrong_code) of owner in nothing']
const USED_TICKET = { again: [401, 'invalid_ticket'] } as const
const TEN_CODES = Array.from({ length: 10 }, () => '+ recovery_codes of owner')

export const scenarios: (Scenario | Alike)[] = [
  {
    route: 'POST /user/login/totp',
    when: 'with a right code',
    given: protectedBy,
    ask: { json: { ticket: TICKET, code: CODE } },
    answers: 200,
    changes: [...SIGNED_IN, ...APP_USED],
    again: [401, 'invalid_ticket'],
    asks: ['admit', 'settle', 'welcome'],
    remembers: ['+ owner: device new'],
  },
  {
    route: 'POST /user/login/totp',
    when: 'with a wrong code',
    given: protectedBy,
    ask: { json: { ticket: TICKET, code: WRONG } },
    answers: [401, 'invalid_code'],
    changes: WRONG_CODE,
    asks: ['admit'],
    remembers: ['+ owner: attempts 1', '+ owner: failures of totp: 1'],
  },
  {
    route: 'POST /user/login/totp/enrol',
    when: 'where the settings demand it',
    ask: { settings: everyone, json: ENROLLING },
    answers: 200,
    changes: ['+ totp of owner'],
  },
  {
    route: 'POST /user/login/totp/enrol/confirm',
    when: 'where the settings demand it',
    given: [app(null)],
    ask: { settings: everyone, json: { ...ENROLLING, code: CODE } },
    answers: 200,
    changes: [
      ...SIGNED_IN,
      ...EPOCH_RAISED,
      ...APP_USED,
      ...TEN_CODES,
      '+ audit: totp_added of owner in nothing',
      '+ mail to owner@example.com: An authenticator app was added',
      '+ undo: factor_added of owner to owner@example.com, new',
    ],
    again: [401, 'invalid_ticket'],
    asks: ['admit', 'settle', 'welcome'],
  },
  {
    route: 'POST /user/reauth',
    when: 'with a right code',
    given: protectedBy,
    ask: { as: 'bearer', json: { totp: CODE } },
    answers: 200,
    changes: [...FRESH_INSTEAD, ...APP_USED],
    again: [401, 'invalid_token'],
    asks: ['admit', 'settle'],
  },
  {
    route: 'POST /user/totp',
    when: 'for the first time',
    ask: { as: 'bearer' },
    answers: 201,
    changes: ['+ totp of owner'],
  },
  {
    route: 'POST /user/totp',
    when: 'for an account that has an app',
    given: [...protectedBy, shown],
    ask: { as: 'bearer' },
    answers: [409, 'factor_exists'],
  },
  {
    route: 'POST /user/totp/confirm',
    when: 'with a right code',
    given: [app(null)],
    ask: { as: 'bearer', json: { code: CODE } },
    answers: 200,
    changes: [
      ...EPOCH_RAISED,
      ...APP_USED,
      ...TEN_CODES,
      '+ audit: totp_added of owner in here',
      '+ mail to owner@example.com: An authenticator app was added',
      '+ undo: factor_added of owner to owner@example.com, new',
    ],
    again: [401, 'fresh_login_required'], // the account asks for the app, which the session has not shown
    asks: ['admit', 'settle'],
  },
  {
    route: 'POST /user/totp/confirm',
    when: 'with a wrong code',
    given: [app(null)],
    ask: { as: 'bearer', json: { code: WRONG } },
    answers: [401, 'invalid_code'],
    changes: WRONG_CODE,
    asks: ['admit'],
    remembers: ['+ owner: attempts 1', '+ owner: failures of totp: 1'],
  },
  {
    route: 'DELETE /user/totp',
    when: 'of the last factor',
    given: [...protectedBy, codes, shown],
    ask: { as: 'bearer' },
    answers: 204,
    changes: [
      ...EPOCH_RAISED,
      '- totp of owner',
      '- recovery_codes of owner',
      '+ audit: totp_removed of owner in here',
      '+ mail to owner@example.com: An authenticator app was removed',
      '+ undo: factor_removed of owner to owner@example.com, new',
    ],
    again: [404, 'not_found'],
  },
  alike('POST /user/login/totp', 'POST /login/totp', { form: { ticket: TICKET, totp: CODE } }, USED_TICKET),
  alike(
    'POST /user/login/totp/enrol',
    'POST /login/totp/enrol',
    { settings: everyone, form: ENROLLING },
    { answers: 200 },
  ),
  alike(
    'POST /user/login/totp/enrol/confirm',
    'POST /login/totp/enrol/confirm',
    { settings: everyone, form: { ...ENROLLING, totp: CODE } },
    { answers: 200, ...USED_TICKET },
  ),
  alike('POST /user/totp', 'POST /account/totp', byOwner({ begin: 'yes' }), { answers: 200 }),
  alike('POST /user/totp/confirm', 'POST /account/totp/confirm', byOwner({ totp: CODE }), {
    answers: 200,
    again: 303, // to confirm: the account asks for the app, which the session has not shown
  }),
  alike('DELETE /user/totp', 'POST /account/totp/remove', byOwner({ id: APP }), { again: [404, 'not_found'] }),
]
