import type { Events } from '../../core/events/declaration.ts'

export const events = {
  second_factor_off: {},
  second_factor_on: {},
} as const satisfies Events

declare module '../../core/events/audit.ts' {
  interface Declared {
    factors: typeof events
  }
}
