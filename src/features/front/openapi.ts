import type { Pages } from '../../openapi.ts'

export const pages: Pages = {
  'GET /': {
    answer: {
      en: '303 to `/account`, or to `/login` if this browser has no session. A route of yours at `/` replaces it',
      ko: '`/account`로 303. 이 브라우저에 세션이 없으면 `/login`으로 303. `/` 경로를 직접 만들면 그 경로가 우선',
    },
  },
}
