import type { Events } from '../../core/events/declaration.ts'

export const events = {
  second_factor_off: { says: { en: 'Two-step sign-in turned off', ko: '2단계 인증 꺼짐' } },
  second_factor_on: { says: { en: 'Two-step sign-in turned on', ko: '2단계 인증 켜짐' } },
} as const satisfies Events

declare module '../../core/events/audit.ts' {
  interface Declared {
    factors: typeof events
  }
}
