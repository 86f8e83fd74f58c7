import type { Events } from '../../core/events/declaration.ts'

export const events = {
  client_signed_in: { says: { en: 'Signed in to an application', ko: '애플리케이션 로그인' } },
  client_session_ended: { says: { en: 'Session with an application ended', ko: '애플리케이션 세션 종료' } },
  code_replayed: { says: { en: 'Authorization code used twice', ko: '인가 코드 재사용 감지' } },
} as const satisfies Events

declare module '../../core/events/audit.ts' {
  interface Declared {
    oauth: typeof events
  }
}
