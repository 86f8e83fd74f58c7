import type { Pages } from '../../openapi.ts'
import { clientPages } from './openapi-clients.ts'

export const pages: Pages = {
  'GET /console': {
    needs: 'support',
    answer: {
      en: '200: the users, with the filters of `GET /admin/users`',
      ko: '200: 사용자 목록, `GET /admin/users`와 같은 조건으로 검색',
    },
  },
  ...clientPages,
  'GET /console/audit': {
    needs: 'support',
    answer: {
      en: '200: the audit trail in words, the newest first; with `user`, `event`, `actor`, `from` and `to`, those alone',
      ko: '200: 감사 로그(최신순), `user`, `event`, `actor`, `from`, `to`를 지정하면 해당하는 기록만',
    },
  },
  'GET /console/numbers': {
    needs: 'support',
    answer: {
      en: '200: counts, and the sign-ins of 30 days as a chart and as a table. It reads every user',
      ko: '200: 통계, 최근 30일의 로그인을 차트와 표로 표시. 모든 사용자를 읽음',
    },
  },
  'GET /console/users/:id': {
    needs: 'support',
    answer: {
      en: '200: one user with sessions, last events, and what can be done',
      ko: '200: 사용자의 세션, 최근 감사 로그, 실행할 수 있는 작업',
    },
  },
  'POST /console/users/:id': {
    needs: 'support',
    answer: {
      en:
        '303 to that page, or to `confirm`: `do` is `sessions`, `mail` or `invite`; for an admin also `disable`, `enable`, ' +
        '`unlock`, `roles`, `reset`, `factor`, `withdraw` or `delete`',
      ko:
        '그 페이지나 `confirm`으로 303, `do`는 `sessions`, `mail`, `invite` 중 하나, 관리자는 `disable`, `enable`, ' +
        '`unlock`, `roles`, `reset`, `factor`, `withdraw`, `delete`도 가능',
    },
  },
  'GET /console/users/new': {
    needs: 'fresh admin',
    answer: { en: '200: the form that makes an account and sends an invitation', ko: '200: 계정을 만들고 초대하는 폼' },
  },
  'POST /console/users/new': {
    needs: 'fresh admin',
    answer: { en: '303 to the page of the new user', ko: '새 사용자의 페이지로 303' },
  },
  'GET /console/users/:id/:act': {
    needs: 'support',
    answer: {
      en: '200: the form that says what `disable`, `sessions`, `reset`, `withdraw`, `delete`, or `roles` with `?roles=`, means. All but the first two need a fresh login; `sessions` is also for support',
      ko: '200: `disable`, `sessions`, `reset`, `withdraw`, `delete`, `roles`(`?roles=`)를 실행하면 어떻게 되는지 안내하는 폼, 앞의 둘을 제외하면 재인증 필요, `sessions`는 지원 담당자도 가능',
    },
  },
  'GET /console/users/:id/factors': {
    needs: 'fresh admin',
    answer: {
      en: '200: the form that says what removing the second factor in `?factor=` means',
      ko: '200: `?factor=`의 인증 수단을 삭제하면 어떻게 되는지 안내하는 폼',
    },
  },
}
