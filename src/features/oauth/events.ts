import type { Events } from '../../core/events/declaration.ts'

export const events = {
  client_signed_in: {},
  client_session_ended: {},
  code_replayed: {},
} as const satisfies Events

declare module '../../core/events/audit.ts' {
  interface Declared {
    oauth: typeof events
  }
}
