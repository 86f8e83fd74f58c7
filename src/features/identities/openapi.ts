import * as v from 'valibot'
import { type Chapter, done, type Held, type Pages, seconds, text } from '../../openapi.ts'

const provider = v.picklist(['google', 'apple', 'microsoft', 'github', 'kakao', 'naver', 'oidc'])
const stated = {
  email: v.pipe(v.nullable(text), v.description('As the provider stated it last. It identifies nobody.')),
  name: v.nullable(text),
  created_at: seconds,
  last_used_at: v.nullable(seconds),
}
const statedExample = {
  email: 'ann@gmail.com',
  name: 'Ann',
  created_at: 1_767_225_600,
  last_used_at: 1_767_225_660,
}

export const chapter: Chapter = {
  title: { en: 'Signing in with other services', ko: '다른 서비스 계정으로 로그인' },
  operations: {
    'GET /user/identities': {
      summary: { en: 'Which accounts at other services are connected', ko: '연결된 다른 서비스 계정 목록' },
      answers: {
        200: {
          description: 'The oldest first.',
          schema: v.strictObject({ identities: v.array(v.strictObject({ id: text, provider, ...stated })) }),
          example: { identities: [{ id: 'n3xQ0m8pQ2mYw1b7c5d9eg', provider: 'google', ...statedExample }] },
        },
      },
    },
    'DELETE /user/identities/:provider': {
      summary: { en: 'Disconnect an account at another service', ko: '다른 서비스 계정의 연결 해제' },
      description: {
        en: 'An account is connected on the page `/account/security`, because the browser goes to the provider and back.',
        ko: '연결은 `/account/security` 페이지에서 합니다. 브라우저가 제공자의 페이지를 거쳐 돌아와야 하기 때문입니다.',
      },
      params: { provider: ['The `provider` of an identity.', 'google'] },
      answers: done('The account is disconnected.'),
      problems: ['invalid_credentials', 'not_found', 'last_way_in'],
    },
  },
}

export const pages: Pages = {
  'GET /login/with': {
    answer: {
      en: '200: the buttons of the providers, to confirm the address of a new account; a mailed link leads here. 400 if the link is incomplete',
      ko: '200: 새 계정의 이메일 주소를 인증하기 위한 제공자 버튼, 메일의 링크로 열림. 링크가 불완전하면 400',
    },
  },
  'GET /login/with/:provider': {
    answer: {
      en: '303 to the provider. 404 if it is off, the login form with the reason if it cannot be reached',
      ko: '제공자로 303. 꺼져 있으면 404, 제공자에 연결할 수 없으면 이유와 함께 로그인 폼을 표시',
    },
  },
  'GET /login/with/:provider/callback': {
    answer: {
      en: '303 to the page to return to, with a session cookie; to `/account/security` after connecting. Else the reason',
      ko: '돌아갈 페이지로 303, 세션 쿠키를 설정. 계정을 연결한 뒤에는 `/account/security`로 303. 실패하면 이유를 표시',
    },
  },
  'POST /login/with/:provider/callback': {
    anywhere: true,
    answer: {
      en: '303 to the same address with the answer in its query. For providers that post it, such as Apple',
      ko: '응답을 쿼리에 담아 같은 주소로 303. Apple처럼 응답을 POST로 보내는 제공자용',
    },
  },
  'POST /account/identities/:provider': {
    needs: 'login',
    answer: {
      en: '200: goes on to the provider. 303 to `/account/confirm` if the session is not fresh',
      ko: '200: 제공자로 이동. 재인증이 필요하면 `/account/confirm`으로 303',
    },
  },
  'POST /account/identities/:provider/remove': {
    needs: 'login',
    answer: {
      en: '303 to `/account/security`; the account is disconnected',
      ko: '`/account/security`로 303, 계정 연결을 해제',
    },
  },
}

export const held: Held = {
  identities: {
    schema: v.array(v.strictObject({ provider, issuer: text, subject: text, ...stated })),
    example: [
      { provider: 'google', issuer: 'https://accounts.google.com', subject: '110169484474386276334', ...statedExample },
    ],
  },
}
