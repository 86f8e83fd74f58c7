import type { Events } from './declaration.ts'

export const events = {
  webhook_given_up: {},
} as const satisfies Events

declare module './audit.ts' {
  interface Declared {
    events: typeof events
  }
}
