import * as v from 'valibot'
import { type Chapter, done, type Held, nullable, type Pages, seconds, text } from '../../openapi.ts'

const device = v.strictObject({
  id: text,
  created_at: seconds,
  used_at: seconds,
  ip: nullable,
  country: nullable,
  user_agent: nullable,
})

const example = {
  id: 'Zk1nq7b0R2mXw4tYv8uJ3A',
  created_at: 1_795_000_000,
  used_at: 1_795_000_000,
  ip: '203.0.113.7',
  country: 'KR',
  user_agent: 'Mozilla/5.0',
}

export const chapter: Chapter = {
  title: { en: 'Devices', ko: '기기' },
  operations: {
    'GET /user/devices': {
      summary: { en: 'List the devices that signed in before', ko: '로그인한 적이 있는 기기 목록' },
      description: { en: 'At most ten.', ko: '최대 10개입니다.' },
      answers: {
        200: {
          description: 'The devices.',
          schema: v.strictObject({ devices: v.array(device) }),
          example: { devices: [example] },
        },
      },
      problems: ['not_found'],
    },
    'DELETE /user/devices/:id': {
      summary: { en: 'Forget a device', ko: '기기 삭제' },
      description: {
        en: 'It counts as a stranger at its next login. Its session, if it has one, goes on.',
        ko: '다음에 로그인할 때 처음 보는 기기로 취급합니다. 로그인 중인 세션은 그대로 유지됩니다.',
      },
      params: { id: ['The `id` of a listed device.', example.id] },
      answers: done('The device is forgotten.'),
      problems: ['not_found'],
    },
  },
}

export const pages: Pages = {
  'GET /account/devices': {
    needs: 'login',
    answer: {
      en: '200: one list of where the user is signed in and the devices that signed in before',
      ko: '200: 로그인 중인 기기와 로그인한 적이 있는 기기의 목록',
    },
  },
  'POST /account/devices': {
    needs: 'login',
    answer: {
      en: '303 to `/account/devices`; the device `forget`, or each if it is `all`, counts as a stranger',
      ko: '`/account/devices`로 303, `forget`에 지정한 기기(`all`이면 모든 기기)를 처음 보는 기기로 취급',
    },
  },
}

export const held: Held = {
  devices: { schema: v.array(device), example: [example] },
  networks: {
    schema: v.array(v.strictObject({ name: text, used_at: seconds })),
    example: [{ name: '203.0.113.0/24', used_at: example.used_at }],
  },
}
