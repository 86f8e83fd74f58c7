import * as v from 'valibot'
import {
  type Chapter,
  done,
  nullable,
  type Pages,
  confirmProblems,
  seconds,
  text,
  tokens,
  tokensExample,
} from '../../openapi.ts'

const renewed = (description: string) => ({
  200: { description, schema: v.strictObject(tokens), example: tokensExample },
})

const listed = v.strictObject({
  id: text,
  created_at: seconds,
  refreshed_at: seconds,
  user_agent: nullable,
  ip: nullable,
  country: nullable,
  client_id: v.pipe(nullable, v.description('The application that the session belongs to, if any.')),
  client: v.pipe(nullable, v.description('Its name.')),
  current: v.boolean(),
})

export const chapter: Chapter = {
  title: { en: 'Sessions', ko: '세션' },
  operations: {
    'POST /user/refresh': {
      summary: { en: 'Renew the access token', ko: '액세스 토큰 갱신' },
      description: {
        en:
          'The refresh token is replaced. The one before it still works for `REFRESH_GRACE_SECONDS` and leads to the same ' +
          'successor; shown later, it ends the session.',
        ko:
          '리프레시 토큰도 새로 발급합니다. 직전의 리프레시 토큰도 `REFRESH_GRACE_SECONDS` 동안은 유효하며, 같은 새 토큰을 받습니다. ' +
          '그 뒤에 쓰면 세션이 종료됩니다.',
      },
      body: { refresh_token: 'lkr_example' },
      answers: renewed('New tokens.'),
      problems: ['invalid_refresh_token'],
    },
    'POST /user/reauth': {
      summary: { en: 'Show again who is signed in', ko: '본인 재확인' },
      description: {
        en:
          '`{password}`, `{totp}`, `{ticket, code}` of a mailed code, or `{ticket, credential}` of a passkey: any method of ' +
          'the account. A new session takes the place of this one, and is fresh for 10 minutes for routes that need that.',
        ko:
          '`{password}`, `{totp}`, 이메일 인증 코드의 `{ticket, code}`, 패스키의 `{ticket, credential}` 중 계정에 있는 방법 하나를 보냅니다. ' +
          '지금 세션을 새 세션으로 교체합니다. 새 세션으로는 10분 동안 `freshLogin` 라우트를 호출할 수 있습니다.',
      },
      body: { password: 'correct horse battery' },
      answers: renewed('Both tokens of the new session.'),
      problems: [...confirmProblems, 'not_ready'],
    },
    'POST /user/logout': {
      summary: { en: 'End this session', ko: '로그아웃' },
      description: {
        en:
          'A token whose session has ended already gets the same answer. With a token of the old application, all such ' +
          'tokens of the user end.',
        ko: '세션이 이미 종료된 토큰이어도 응답은 같습니다. 이전 애플리케이션의 토큰이면 그 사용자가 이전 애플리케이션에서 받은 토큰이 모두 무효가 됩니다.',
      },
      answers: done('The session has ended.'),
    },
    'POST /user/logout/everywhere': {
      summary: { en: 'End every session of the account', ko: '모든 세션에서 로그아웃' },
      description: {
        en: 'Mailed links are void as well.',
        ko: '메일로 보낸 링크도 무효가 됩니다.',
      },
      answers: done('Every session has ended, this one too.'),
    },
    'GET /user/sessions': {
      summary: { en: 'List the sessions of the account', ko: '세션 목록' },
      description: {
        en: 'Those that stand, the newest first; 100 at most.',
        ko: '유효한 세션을 최신순으로 최대 100개까지 반환합니다.',
      },
      answers: {
        200: {
          description: 'The sessions.',
          schema: v.strictObject({ sessions: v.array(listed) }),
          example: {
            sessions: [
              {
                id: 'pzp5BybqR60DuoimI7jY7g',
                created_at: 1_795_000_000,
                refreshed_at: 1_795_000_000,
                user_agent: 'Mozilla/5.0',
                ip: '203.0.113.7',
                country: 'KR',
                client_id: null,
                client: null,
                current: true,
              },
            ],
          },
        },
      },
    },
    'DELETE /user/sessions/:id': {
      summary: { en: 'End another session of the account', ko: '다른 세션 종료' },
      params: { id: ['The `id` of a listed session.', 'pzp5BybqR60DuoimI7jY7g'] },
      answers: done('That session has ended.'),
      problems: ['not_found'],
    },
  },
}

export const pages: Pages = {
  'GET /account/confirm': {
    needs: 'login',
    answer: {
      en: '200: the forms of the methods that the account can show again',
      ko: '200: 계정에 있는 방법으로 본인을 다시 확인하는 폼',
    },
  },
  'POST /account/confirm': {
    needs: 'login',
    answer: {
      en: '303 to `return_to`, else to `/account`; the session is fresh for 10 minutes. With `begin`, 200: the form of the next step',
      ko: '`return_to` 또는 `/account`로 303, 세션을 10분 동안 재인증 상태로 인정. `begin`을 보내면 200: 다음 단계의 폼',
    },
  },
  'POST /logout': {
    answer: {
      en: '303 to `/login`; the session has ended, the cookies are gone',
      ko: '`/login`으로 303, 세션을 종료하고 쿠키를 삭제',
    },
  },
  'GET /account/sessions': {
    needs: 'login',
    answer: { en: '303 to `/account/devices`', ko: '`/account/devices`로 303' },
  },
  'POST /account/sessions': {
    needs: 'login',
    answer: {
      en: '303 to `return_to` or `/account/devices`, or to `/login` where this session ended too: `end` is a session, `others` or `all`',
      ko: '`return_to`나 `/account/devices`로, 현재 세션도 종료했으면 `/login`으로 303. `end`는 세션 id, `others`, `all` 중 하나',
    },
  },
}
