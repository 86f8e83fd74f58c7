import * as v from 'valibot'
import { type Chapter, seconds, text } from '../../openapi.ts'
import { query } from './routes.ts'

export const chapter: Chapter = {
  title: { en: 'For other services', ko: '다른 서비스용' },
  operations: {
    'GET /revoked': {
      summary: { en: 'The revoked sessions', ko: '폐기된 세션 목록' },
      description: {
        en: 'At most 10,000; with `?since=<cursor>` only what is new. The route is only there when `REVOCATION_FEED_SECRET` is set.',
        ko: '최대 10,000개를 반환합니다. `?since=<cursor>`를 지정하면 새로 폐기된 세션만 반환합니다. `REVOCATION_FEED_SECRET`을 설정해야 이 라우트가 생깁니다.',
      },
      security: 'feedSecret',
      query,
      answers: {
        200: {
          description: 'Sessions that ended while a token of theirs may still live.',
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
