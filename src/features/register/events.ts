import { type Events, MAIL_LIMIT } from '../../core/events/declaration.ts'

export const events = {
  registered: {
    says: { en: 'Registered', ko: '회원가입' },
    type: 'user.registered',
    reasons: { known_email: { en: 'the address has an account', ko: '이미 가입된 주소' }, mail_limit: MAIL_LIMIT },
  },
} as const satisfies Events

declare module '../../core/events/audit.ts' {
  interface Declared {
    register: typeof events
  }
}
