import type { Events } from '../../core/events/declaration.ts'

export const events = {
  recovery_renewed: { says: { en: 'Recovery codes renewed', ko: '복구 코드 재발급' }, type: 'recovery.renewed' },
  recovery_used: { says: { en: 'Recovery code used', ko: '복구 코드 사용' }, type: 'recovery.used' },
} as const satisfies Events

declare module '../../core/events/audit.ts' {
  interface Declared {
    recovery: typeof events
  }
}
