import { type Alike, HERE_REVOKED, HERE_STANDING, right, type Scenario, SIGNED_IN } from '../faults/world.ts'

export const scenarios: (Scenario | Alike)[] = [
  { route: 'GET /login', when: 'signed in', ask: { as: 'cookie' }, answers: 200 },
  {
    route: 'POST /login',
    when: 'with the right password',
    ask: { form: right },
    answers: 303,
    changes: SIGNED_IN,
    asks: ['check'],
    remembers: ['+ owner: device new'],
  },
  {
    route: 'POST /login',
    when: 'over a session that stands',
    ask: { as: 'cookie', form: right },
    answers: 303,
    changes: [...SIGNED_IN, HERE_STANDING, ...HERE_REVOKED, '+ audit: logged_out of owner in here'],
    asks: ['check'],
    remembers: ['+ owner: device new'],
  },
]
