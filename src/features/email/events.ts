import { type Events, MAIL_LIMIT } from '../../core/events/declaration.ts'

export const events = {
  email_change_cancelled: { says: { en: 'Change of address cancelled', ko: '이메일 주소 변경 취소' } },
  email_change_requested: { says: { en: 'Change of address requested', ko: '이메일 주소 변경 요청' } },
  email_changed: { says: { en: 'Address changed', ko: '이메일 주소 변경' }, type: 'user.email_changed' },
  email_verified: { says: { en: 'Address confirmed', ko: '이메일 주소 인증' }, type: 'user.verified' },
  verification_requested: {
    says: { en: 'Confirmation mail requested', ko: '인증 메일 요청' },
    reasons: { mail_limit: MAIL_LIMIT },
  },
} as const satisfies Events

declare module '../../core/events/audit.ts' {
  interface Declared {
    email: typeof events
  }
}
