import * as v from 'valibot'
import { type Chapter, text } from '../../openapi.ts'

export const chapter: Chapter = {
  title: { en: 'Health', ko: '상태 확인' },
  operations: {
    'GET /health': {
      summary: { en: 'Whether the Worker runs', ko: 'Worker 동작 확인' },
      answers: {
        200: {
          description: 'It does.',
          schema: v.strictObject({ status: v.literal('ok') }),
          example: { status: 'ok' },
        },
      },
    },
    'GET /ready': {
      summary: { en: 'Whether it can do its work', ko: '서비스 준비 상태 확인' },
      description: {
        en: 'If not, the answer names what is missing. `warnings` name settings that work but should not stay so.',
        ko: '준비되지 않았으면 빠진 항목의 이름을 반환합니다. `warnings`는 동작에는 문제가 없지만 그대로 두지 말아야 할 설정입니다.',
      },
      answers: {
        200: {
          description: 'It can.',
          schema: v.strictObject({
            status: v.literal('ready'),
            warnings: v.array(v.strictObject({ field: text, code: text })),
          }),
          example: { status: 'ready', warnings: [] },
        },
      },
      problems: ['not_ready'],
    },
  },
}
