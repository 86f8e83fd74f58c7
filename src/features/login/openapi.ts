import type { Pages } from '../../openapi.ts'

export const pages: Pages = {
  'GET /login': {
    answer: { en: '200: the login form, or who is signed in', ko: '200: 로그인 폼, 이미 로그인했으면 로그인한 계정' },
  },
  'POST /login': {
    answer: {
      en:
        '303 to `return_to` if it is allowed, else to `/login`, with a session cookie; the former session of this browser ' +
        'has ended. After a failure, the page again',
      ko:
        '허용된 `return_to`, 없으면 `/login`으로 303. 세션 쿠키를 설정하고 이 브라우저의 이전 세션을 종료. 실패하면 같은 ' +
        '페이지를 다시 표시',
    },
  },
}
