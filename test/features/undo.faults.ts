import { sql } from '../../src/lib/sql.ts'
import type { Undoable } from '../../src/core/users/undo.ts'
import {
  ALL_REVOKED,
  alike,
  AT,
  disabled,
  mailed,
  MOVED,
  NOTICE,
  NOTICE_HASH,
  opens,
  OTHER,
  OWNER,
  OWNER_IS,
  PASSWORD,
  THEN,
  type Alike,
  type Scenario,
} from '../faults/world.ts'

const DAY = 86_400

/** A notice that was mailed to the owner a minute ago. */
const told = (what: Undoable, hash = NOTICE_HASH, email = OWNER) =>
  sql`INSERT INTO undos (hash, user_id, what, email, created_at, expires_at)
    VALUES (${hash}, 1, ${what}, ${email}, ${THEN}, ${AT + 7 * DAY})`
const moved = sql`UPDATE users SET email = ${MOVED} WHERE id = 1`

const UNDONE = [
  '- undo: password_changed of owner to owner@example.com, given',
  '+ audit: undone of owner in nothing',
  ...ALL_REVOKED,
]

export const scenarios: (Scenario | Alike)[] = [
  {
    route: 'POST /user/undo',
    when: 'with the link of a notice',
    given: [mailed('reset'), told('password_changed'), told('new_device', 'n'.repeat(43))],
    ask: { json: { token: NOTICE } },
    answers: 200,
    changes: [
      OWNER_IS,
      '+ user owner: owner@example.com, confirmed, no password',
      '- link: reset of owner to owner@example.com, given',
      '- undo: new_device of owner to owner@example.com, new',
      '+ mail to owner@example.com: A change to your account was undone',
      ...UNDONE,
    ],
    asks: ['passwordReplaced'],
    remembers: ['- owner: device phone'],
    again: [400, 'invalid_one_time_token'],
    lastly: () => opens(PASSWORD, 401),
  },
  {
    route: 'POST /user/undo',
    when: 'with the link to an address that the account has left',
    given: [told('email_changed'), moved],
    ask: { json: { token: NOTICE } },
    answers: 200,
    changes: [
      '- user owner: moved@example.com, confirmed, old password',
      '+ user owner: owner@example.com, confirmed, no password',
      '- undo: email_changed of owner to owner@example.com, given',
      '+ mail to moved@example.com: Your account has its previous address again',
      '+ audit: undone of owner in nothing',
      '+ audit: email_changed of owner in nothing',
      ...ALL_REVOKED,
    ],
    asks: ['passwordReplaced', 'forget'],
    remembers: ['- owner: device phone'],
    again: [400, 'invalid_one_time_token'],
    lastly: () => opens(PASSWORD, 401),
  },
  {
    route: 'POST /user/undo',
    when: 'with a link to an address that somebody else has now',
    given: [told('email_changed', NOTICE_HASH, OTHER), moved],
    ask: { json: { token: NOTICE } },
    answers: [409, 'email_taken'],
  },
  {
    route: 'POST /user/undo',
    when: 'for a disabled account',
    given: [told('password_changed'), ...disabled],
    ask: { json: { token: NOTICE } },
    answers: [403, 'account_disabled'],
  },
  alike('POST /user/undo', 'POST /undo', { form: { token: NOTICE } }, { again: [400, 'invalid_one_time_token'] }),
  {
    route: 'GET /undo',
    when: 'with the link of a notice',
    given: [told('password_changed')],
    ask: { path: `/undo?token=${NOTICE}` },
    answers: 200,
  },
]
