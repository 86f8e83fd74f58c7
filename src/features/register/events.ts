import type { Events } from '../../core/events/declaration.ts'

export const events = {
  registered: { type: 'user.registered', reasons: ['known_email', 'mail_limit'] },
} as const satisfies Events

declare module '../../core/events/audit.ts' {
  interface Declared {
    register: typeof events
  }
}
