import type { Events } from '../../core/events/declaration.ts'

export const events = {
  password_changed: { type: 'password.changed' },
  password_removed: { type: 'password.removed' },
  password_reset: { type: 'password.reset' },
  password_reset_requested: { reasons: ['mail_limit', 'unknown_email'] },
} as const satisfies Events

declare module '../../core/events/audit.ts' {
  interface Declared {
    password: typeof events
  }
}
