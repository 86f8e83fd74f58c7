import * as v from 'valibot'
import { type Chapter, seconds, text } from '../../http/openapi.ts'
import { query } from './routes.ts'

export const revokedChapter: Chapter = {
  title: 'For other services',
  operations: {
    'GET /revoked': {
      summary: 'The revoked sessions',
      description: 'Only there when `REVOCATION_FEED_SECRET` is set.',
      security: 'feedSecret',
      query,
      answers: {
        200: {
          description: 'Sessions that ended while a token of theirs may still live; 10,000 at most.',
          schema: v.strictObject({
            cursor: v.pipe(seconds, v.description('What to send as `since` the next time.')),
            more: v.pipe(v.boolean(), v.description('Whether there is more to be had at once.')),
            sessions: v.array(v.strictObject({ sid: text, until: seconds })),
          }),
          example: { cursor: 1, more: false, sessions: [{ sid: 'pzp5BybqR60DuoimI7jY7g', until: 1_795_545_291 }] },
        },
      },
      problems: ['not_found', 'login_required', 'invalid_token', 'invalid_body'],
    },
  },
}
