import type { Events } from '../events/declaration.ts'

export const events = {
  account_deleted: { type: 'user.deleted' },
  users_exported: {},
  users_imported: {},
} as const satisfies Events

declare module '../events/audit.ts' {
  interface Declared {
    users: typeof events
  }
}
