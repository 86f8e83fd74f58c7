import type { Events } from '../../core/events/declaration.ts'

export const events = {
  recovery_renewed: { type: 'recovery.renewed' },
  recovery_used: { type: 'recovery.used' },
} as const satisfies Events

declare module '../../core/events/audit.ts' {
  interface Declared {
    recovery: typeof events
  }
}
