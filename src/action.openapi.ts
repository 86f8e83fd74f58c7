import * as v from 'valibot'
import { type Chapter, text, userId } from './http/openapi.ts'

/** Describe the routes that you add to `action.ts` here; a test says which one is missing. */
export const actionChapter: Chapter = {
  title: 'Yours',
  operations: {
    'POST /action': {
      summary: 'The sample of a protected route',
      answers: {
        200: {
          description: 'The token is good.',
          schema: v.strictObject({ message: text, user_id: userId }),
          example: { message: 'You are signed in.', user_id: 42 },
        },
      },
    },
  },
}
