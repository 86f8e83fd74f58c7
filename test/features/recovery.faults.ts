import { recoveryHash } from '../../src/core/users/recovery-codes.ts'
import { sql } from '../../src/lib/sql.ts'
import { alike, byOwner, HERE, type Alike, type Scenario, SECRETS, SIGNED_IN, THEN } from '../faults/world.ts'
import { protectedBy, TICKET } from './totp.faults.ts'

const CODE = '7K3M-X2QD-9RTH-W0VC'
SECRETS.push(CODE)
const code = sql`INSERT INTO recovery_codes (user_id, hash, created_at) VALUES (1, ${await recoveryHash(CODE)}, ${THEN})`
const shown = sql`UPDATE sessions SET shown = json_object('password', ${THEN}, 'totp', ${THEN}) WHERE id = ${HERE}`

export const scenarios: (Scenario | Alike)[] = [
  {
    route: 'POST /user/login/recovery',
    when: 'with the last code',
    given: [...protectedBy, code],
    ask: { json: { ticket: TICKET, code: CODE } },
    answers: 200,
    changes: [
      ...SIGNED_IN,
      '- recovery_codes of owner',
      '+ audit: recovery_used of owner in nothing',
      '+ mail to owner@example.com: A recovery code was used',
    ],
    again: [401, 'invalid_ticket'],
    asks: ['admit', 'settle', 'welcome'],
    remembers: ['+ owner: device new'],
  },
  {
    route: 'POST /user/login/recovery',
    when: 'with a wrong code',
    given: [...protectedBy, code],
    ask: { json: { ticket: TICKET, code: 'AAAA-AAAA-AAAA-AAAA' } },
    answers: [401, 'invalid_code'],
    changes: ['+ audit: login_failed (wrong_code) of owner in nothing'],
    asks: ['admit'],
    remembers: ['+ owner: attempts 1', '+ owner: failures of recovery: 1'],
  },
  {
    route: 'POST /user/recovery-codes',
    when: 'of an account that asks for a second factor',
    given: [...protectedBy, code, shown],
    ask: { as: 'bearer' },
    answers: 200,
    changes: [
      '- recovery_codes of owner',
      ...Array.from({ length: 10 }, () => '+ recovery_codes of owner'),
      '+ audit: recovery_renewed of owner in here',
      '+ mail to owner@example.com: New recovery codes were made',
    ],
  },
  alike(
    'POST /user/login/recovery',
    'POST /login/recovery',
    { form: { ticket: TICKET, recovery_code: CODE } },
    { again: [401, 'invalid_ticket'] },
  ),
  alike('POST /user/recovery-codes', 'POST /account/recovery-codes', byOwner({ renew: 'yes' }), { answers: 200 }),
]
