import type { Events } from '../../core/events/declaration.ts'

export const events = {
  totp_added: { type: 'totp.added' },
  totp_removed: { type: 'totp.removed' },
} as const satisfies Events

declare module '../../core/events/audit.ts' {
  interface Declared {
    totp: typeof events
  }
}
