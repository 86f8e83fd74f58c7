import { sql } from '../../src/lib/sql.ts'
import { alike, byOwner, EPOCH_RAISED, seenByOwner, HERE, type Alike, type Scenario, THEN } from '../faults/world.ts'
import { protectedBy } from './totp.faults.ts'

const shown = sql`UPDATE sessions SET shown = json_object('password', ${THEN}, 'totp', ${THEN}) WHERE id = ${HERE}`
const on = sql`UPDATE users SET second_factor = 1 WHERE id = 1`

export const scenarios: (Scenario | Alike)[] = [
  { route: 'GET /user/factors', when: 'signed in', ask: { as: 'bearer' }, answers: 200 },
  {
    route: 'PUT /user/second-factor',
    when: 'on, once more',
    given: [...protectedBy, shown],
    ask: { as: 'bearer', json: { on: true } },
    answers: 200,
    changes: [
      ...Array.from({ length: 10 }, () => '+ recovery_codes of owner'),
      '+ audit: second_factor_on of owner in here',
      '+ mail to owner@example.com: Signing in asks for a second factor',
    ],
  },
  {
    route: 'PUT /user/second-factor',
    when: 'off',
    given: [on, shown],
    ask: { as: 'bearer', json: { on: false } },
    answers: 204,
    changes: [
      ...EPOCH_RAISED,
      '+ audit: second_factor_off of owner in here',
      '+ mail to owner@example.com: The second factor was turned off',
      '+ undo: second_factor_off of owner to owner@example.com, new',
    ],
  },
  seenByOwner('GET /account/security'),
  alike('PUT /user/second-factor', 'POST /account/security', byOwner({ second_factor: 'on' }), { answers: 200 }),
]
