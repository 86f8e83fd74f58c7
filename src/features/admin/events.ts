import type { Events } from '../../core/events/declaration.ts'

export const events = {
  account_unlocked: {},
  factors_removed: { type: 'factors.removed' },
  reset_forced: { type: 'password.reset_forced' },
  roles_changed: { type: 'user.roles_changed' },
  user_created: { type: 'user.created' },
  user_disabled: { type: 'user.disabled' },
  user_enabled: { type: 'user.enabled' },
  user_invited: {},
} as const satisfies Events

declare module '../../core/events/audit.ts' {
  interface Declared {
    admin: typeof events
  }
}
