import { type Alike, type Scenario } from '../faults/world.ts'

export const scenarios: (Scenario | Alike)[] = [
  { route: 'GET /revoked', when: 'for another service', ask: { as: 'feed' }, answers: 200 },
]
