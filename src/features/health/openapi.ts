import * as v from 'valibot'
import { type Chapter, text } from '../../http/openapi.ts'

export const healthChapter: Chapter = {
  title: 'Operation',
  operations: {
    'GET /health': {
      summary: 'Whether the Worker runs',
      answers: {
        200: {
          description: 'It does.',
          schema: v.strictObject({ status: v.literal('ok') }),
          example: { status: 'ok' },
        },
      },
    },
    'GET /ready': {
      summary: 'Whether it can do its work',
      answers: {
        200: {
          description: 'It can. `warnings` name settings that work but should not stay so.',
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
