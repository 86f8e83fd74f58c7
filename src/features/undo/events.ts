import type { Events } from '../../core/events/declaration.ts'

export const events = {
  undone: { type: 'user.undone' },
} as const satisfies Events

declare module '../../core/events/audit.ts' {
  interface Declared {
    undo: typeof events
  }
}
