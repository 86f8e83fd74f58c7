import type { Events } from '../../core/events/declaration.ts'

export const events = {
  user_name_changed: { says: { en: 'Name changed', ko: '이름 변경' }, type: 'user.name_changed' },
} as const satisfies Events

declare module '../../core/events/audit.ts' {
  interface Declared {
    account: typeof events
  }
}
