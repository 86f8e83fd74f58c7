import type { Events } from '../../core/events/declaration.ts'

export const events = {
  passkey_added: { type: 'passkey.added' },
  passkey_renamed: {},
  passkey_removed: { type: 'passkey.removed' },
  /** The counter went back. With a reason, the passkey is synced between devices, and the sign-in was accepted. */
  passkey_copied: { type: 'passkey.copied', reasons: ['synced'] },
} as const satisfies Events

declare module '../../core/events/audit.ts' {
  interface Declared {
    passkeys: typeof events
  }
}
