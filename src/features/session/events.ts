import type { Events } from '../../core/events/declaration.ts'

export const events = {
  logged_out_everywhere: {
    says: { en: 'Signed out everywhere', ko: '모든 기기에서 로그아웃' },
    type: 'user.logged_out_everywhere',
  },
  reauthenticated: { says: { en: 'Confirmed who they are', ko: '본인 확인' } },
  session_revoked: { says: { en: 'Device signed out', ko: '기기 로그아웃' }, type: 'session.revoked' },
} as const satisfies Events

declare module '../../core/events/audit.ts' {
  interface Declared {
    session: typeof events
  }
}
