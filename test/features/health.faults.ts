import { type Alike, type Scenario } from '../faults/world.ts'

export const scenarios: (Scenario | Alike)[] = [
  { route: 'GET /ready', when: 'asked by anybody', ask: {}, answers: 200 },
]

/** Routes that never ask the database, with a request to each. */
export const withoutD1 = {
  'GET /health': '/health',
}
