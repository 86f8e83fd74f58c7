import type { Events } from '../../core/events/declaration.ts'

export const events = {
  logged_out_everywhere: { type: 'user.logged_out_everywhere' },
  reauthenticated: {},
  session_revoked: { type: 'session.revoked' },
} as const satisfies Events

declare module '../../core/events/audit.ts' {
  interface Declared {
    session: typeof events
  }
}
