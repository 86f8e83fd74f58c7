import type { Events } from '../../core/events/declaration.ts'

export const events = {
  identity_added: { says: { en: 'Account elsewhere connected', ko: '다른 서비스 계정 연결' }, type: 'identity.added' },
  identity_removed: {
    says: { en: 'Account elsewhere disconnected', ko: '다른 서비스 계정 연결 해제' },
    type: 'identity.removed',
  },
} as const satisfies Events

declare module '../../core/events/audit.ts' {
  interface Declared {
    identities: typeof events
  }
}
