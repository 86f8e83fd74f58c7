import type { Events } from '../events/declaration.ts'

export const events = {
  client_created: { says: { en: 'Application registered', ko: '애플리케이션 등록' }, type: 'client.created' },
  client_secret_rotated: {
    says: { en: 'Client secret replaced', ko: '클라이언트 시크릿 재발급' },
    type: 'client.secret_rotated',
  },
  client_deleted: { says: { en: 'Application deleted', ko: '애플리케이션 삭제' }, type: 'client.deleted' },
  consent_granted: { says: { en: 'Consent to an application', ko: '애플리케이션 접근 동의' }, type: 'consent.granted' },
  consent_withdrawn: {
    says: { en: 'Consent withdrawn', ko: '애플리케이션 접근 동의 철회' },
    type: 'consent.withdrawn',
  },
  logout_given_up: { says: { en: 'Logout not delivered to an application', ko: '애플리케이션 로그아웃 전달 실패' } },
} as const satisfies Events

declare module '../events/audit.ts' {
  interface Declared {
    clients: typeof events
  }
}
