import type { Events } from '../../core/events/declaration.ts'

export const events = {
  undone: { says: { en: 'Change undone', ko: '변경 취소' }, type: 'user.undone' },
} as const satisfies Events

declare module '../../core/events/audit.ts' {
  interface Declared {
    undo: typeof events
  }
}
