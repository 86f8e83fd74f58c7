import type { Events } from '../../core/events/declaration.ts'

export const events = {
  email_change_cancelled: {},
  email_change_requested: {},
  email_changed: { type: 'user.email_changed' },
  email_verified: { type: 'user.verified' },
  verification_requested: { reasons: ['mail_limit'] },
} as const satisfies Events

declare module '../../core/events/audit.ts' {
  interface Declared {
    email: typeof events
  }
}
