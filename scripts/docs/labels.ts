import type { Text } from '../../src/openapi.ts'

/** A language of the documents. */
export type Language = keyof Text

/** The words that the generated parts of the documents share. */
export const labels = {
  route: { en: 'Route', ko: '라우트' },
  does: { en: 'What it does', ko: '설명' },
  needs: { en: 'Needs', ko: '인증과 입력' },
  answer: { en: 'Answer', ko: '응답' },
  name: { en: 'Name', ko: '이름' },
  default: { en: 'Default', ko: '기본값' },
  meaning: { en: 'Meaning', ko: '설명' },
  code: { en: 'Code', ko: '코드' },
  status: { en: 'Status', ko: '상태 코드' },
  when: { en: 'When', ko: '발생하는 경우' },
  nothing: { en: 'nothing', ko: '없음' },
  required: { en: 'required', ko: '필수' },
  unset: { en: 'unset', ko: '없음' },
  query: { en: 'query', ko: '쿼리' },
  else: { en: 'else', ko: '실패 시' },
  pages: { en: 'Hosted pages', ko: '호스팅 페이지' },
  form: { en: 'the form, from this site', ko: '이 사이트에서 제출한 폼' },
  anyForm: { en: 'a form, from any site', ko: '다른 사이트에서도 제출할 수 있는 폼' },
  feedSecret: { en: "the feed's secret as bearer token", ko: 'Bearer 토큰으로 보낸 피드 시크릿' },
  cookie: {
    login: { en: 'the cookie of a login', ko: '로그인 쿠키' },
    support: { en: 'the cookie of a login of support or an admin', ko: '지원 담당자 또는 관리자의 로그인 쿠키' },
    admin: { en: "the cookie of an admin's login", ko: '관리자의 로그인 쿠키' },
    'fresh admin': { en: "the cookie of an admin's fresh login", ko: '관리자의 로그인 쿠키(재인증)' },
  },
  guard: {
    offline: { en: 'a token, also of an ended session', ko: '토큰(종료된 세션의 토큰도 허용)' },
    login: { en: 'login', ko: '`loginRequired`' },
    strict: { en: 'strict login', ko: '`strictLogin`' },
    'any level': { en: 'strict login, of any level', ko: '`anyLevelLogin`' },
    fresh: { en: 'fresh login', ko: '`freshLogin`' },
    factor: { en: 'two factors', ko: '`factorRequired`' },
    'factor change': { en: 'fresh second factor, else fresh password', ko: '`factorChange`' },
  },
  support: {
    strict: { en: 'support', ko: '지원 담당자' },
    fresh: { en: 'fresh support', ko: '지원 담당자(재인증)' },
  },
  admin: {
    strict: { en: 'admin', ko: '관리자' },
    fresh: { en: 'fresh admin', ko: '관리자(재인증)' },
  },
  may: {
    yes: { en: 'yes', ko: '가능' },
    fresh: { en: 'after a fresh login', ko: '재인증 후 가능' },
    no: { en: 'no', ko: '불가' },
  },
} as const satisfies Record<string, Text | Record<string, Text>>
