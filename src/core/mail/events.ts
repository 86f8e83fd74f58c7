import type { Events } from '../events/declaration.ts'

export const events = {
  mail_given_up: {
    says: { en: 'Mail not delivered', ko: '메일 발송 실패' },
    reasons: {
      link_expired: { en: 'its link expired', ko: '링크 만료' },
      refused: { en: 'refused by the provider', ko: '메일 서비스에서 거부' },
    },
  },
} as const satisfies Events

declare module '../events/audit.ts' {
  interface Declared {
    mail: typeof events
  }
}
