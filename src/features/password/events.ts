import { type Events, MAIL_LIMIT } from '../../core/events/declaration.ts'

export const events = {
  password_changed: { says: { en: 'Password changed', ko: '비밀번호 변경' }, type: 'password.changed' },
  password_removed: { says: { en: 'Password removed', ko: '비밀번호 삭제' }, type: 'password.removed' },
  password_reset: { says: { en: 'Password reset with a link', ko: '링크로 비밀번호 재설정' }, type: 'password.reset' },
  password_reset_requested: {
    says: { en: 'Password reset requested', ko: '비밀번호 재설정 요청' },
    reasons: { mail_limit: MAIL_LIMIT, unknown_email: { en: 'unknown address', ko: '가입되지 않은 주소' } },
  },
} as const satisfies Events

declare module '../../core/events/audit.ts' {
  interface Declared {
    password: typeof events
  }
}
