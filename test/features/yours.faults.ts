import { type Alike, type Scenario } from '../faults/world.ts'

export const scenarios: (Scenario | Alike)[] = [
  { route: 'POST /action', when: 'signed in', ask: { as: 'bearer' }, answers: 200 },
]
