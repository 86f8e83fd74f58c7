import { alike, byOwner, DEVICE, seenByOwner, type Alike, type Scenario } from '../faults/world.ts'

export const scenarios: (Scenario | Alike)[] = [
  {
    route: 'GET /user/devices',
    when: 'signed in',
    ask: { as: 'bearer' },
    answers: 200,
    asks: ['known'],
  },
  {
    route: 'DELETE /user/devices/:id',
    when: 'for a device that is known',
    ask: { as: 'bearer', path: `/user/devices/${DEVICE}` },
    answers: 204,
    again: [404, 'not_found'],
    asks: ['forgetDevice'],
    remembers: ['- owner: device phone'],
  },
  alike('DELETE /user/devices/:id', 'POST /account/devices', byOwner({ forget: DEVICE }), {
    again: [404, 'not_found'],
  }),
  alike('DELETE /user/devices/:id', 'POST /account/devices', byOwner({ forget: 'all' }), {
    when: 'for all',
    again: [404, 'not_found'],
  }),
  { ...seenByOwner('GET /account/devices'), asks: ['known'] },
]
