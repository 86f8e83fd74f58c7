import type { Events } from '../../core/events/declaration.ts'

export const events = {
  totp_added: { says: { en: 'Authenticator app added', ko: '인증 앱 등록' }, type: 'totp.added' },
  totp_removed: { says: { en: 'Authenticator app removed', ko: '인증 앱 삭제' }, type: 'totp.removed' },
} as const satisfies Events

declare module '../../core/events/audit.ts' {
  interface Declared {
    totp: typeof events
  }
}
