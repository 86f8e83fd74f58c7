import type { Events } from '../../core/events/declaration.ts'

export const events = {
  identity_added: { type: 'identity.added' },
  identity_removed: { type: 'identity.removed' },
} as const satisfies Events

declare module '../../core/events/audit.ts' {
  interface Declared {
    identities: typeof events
  }
}
