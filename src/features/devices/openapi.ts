import * as v from 'valibot'
import { type Chapter, done, exampleDevice, knownDevice } from '../../http/openapi.ts'

export const devicesChapter: Chapter = {
  title: 'Devices',
  operations: {
    'GET /user/devices': {
      summary: 'List the devices that signed in before',
      answers: {
        200: {
          description: 'At most ten.',
          schema: v.strictObject({ devices: v.array(knownDevice) }),
          example: { devices: [exampleDevice] },
        },
      },
      problems: ['not_found'],
    },
    'DELETE /user/devices/:id': {
      summary: 'Forget a device',
      description: 'It counts as a stranger at its next login. Its session, if it has one, goes on.',
      params: { id: ['The `id` of a listed device.', exampleDevice.id] },
      answers: done('The device is forgotten.'),
      problems: ['not_found'],
    },
  },
}
