import { type Events, MAIL_LIMIT } from '../../core/events/declaration.ts'

export const events = {
  login_code_requested: {
    says: { en: 'Sign-in code requested', ko: '로그인 인증 코드 요청' },
    reasons: { mail_limit: MAIL_LIMIT },
  },
} as const satisfies Events

declare module '../../core/events/audit.ts' {
  interface Declared {
    code: typeof events
  }
}
