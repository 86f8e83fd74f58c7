import type { Events } from '../../core/events/declaration.ts'

export const events = {
  user_name_changed: { type: 'user.name_changed' },
} as const satisfies Events

declare module '../../core/events/audit.ts' {
  interface Declared {
    account: typeof events
  }
}
