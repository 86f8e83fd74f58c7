import * as v from 'valibot'
import { type Chapter, done, type Pages, seconds, text } from '../../openapi.ts'

const example = {
  client_id: 'Tc8nS1Mx8Fu3YIJuKf2IvxcZ',
  name: 'Wiki',
  scope: 'openid email',
  granted_at: 1_795_000_000,
  sessions: 1,
}

export const chapter: Chapter = {
  title: { en: 'Applications', ko: '연결된 애플리케이션' },
  operations: {
    'GET /user/applications': {
      summary: { en: 'List the applications that the user signed in to', ko: '연결된 애플리케이션 목록' },
      description: {
        en: '`granted_at` is null for an application of the operator, which asks for no consent.',
        ko: '운영자의 애플리케이션은 동의를 받지 않으므로 `granted_at`이 null입니다.',
      },
      answers: {
        200: {
          description: 'The applications, by name.',
          schema: v.strictObject({
            applications: v.array(
              v.strictObject({
                client_id: text,
                name: text,
                scope: v.pipe(text, v.description('What it may see or do.')),
                granted_at: v.nullable(seconds),
                sessions: seconds,
              }),
            ),
          }),
          example: { applications: [example] },
        },
      },
    },
    'DELETE /user/applications/:client_id': {
      summary: { en: 'Remove an application', ko: '애플리케이션 연결 해제' },
      description: {
        en: 'The consent is withdrawn, and the sessions that the user has with it end.',
        ko: '동의를 철회하고 이 애플리케이션의 세션을 모두 종료합니다.',
      },
      params: { client_id: ['The `client_id` of a listed application.', example.client_id] },
      answers: done('It is removed.'),
      problems: ['not_found'],
    },
  },
}

export const pages: Pages = {
  'POST /account/applications': {
    needs: 'login',
    answer: {
      en: '303 to `/account`; the consent for the application `withdraw` is withdrawn',
      ko: '`/account`로 303, `withdraw`에 지정한 애플리케이션의 동의를 철회',
    },
  },
}
