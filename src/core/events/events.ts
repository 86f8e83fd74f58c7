import type { Events } from './declaration.ts'

export const events = {
  webhook_given_up: { says: { en: 'Webhook not delivered', ko: '웹훅 전달 실패' } },
} as const satisfies Events

declare module './audit.ts' {
  interface Declared {
    events: typeof events
  }
}
