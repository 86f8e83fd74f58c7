import type { Scenario } from '../faults/world.ts'

export const scenarios: Scenario[] = [{ route: 'GET /', when: 'signed in', ask: { as: 'cookie' }, answers: 303 }]
