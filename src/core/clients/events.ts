import type { Events } from '../events/declaration.ts'

export const events = {
  client_created: { type: 'client.created' },
  client_secret_rotated: { type: 'client.secret_rotated' },
  client_deleted: { type: 'client.deleted' },
  consent_granted: { type: 'consent.granted' },
  consent_withdrawn: { type: 'consent.withdrawn' },
  logout_given_up: {},
} as const satisfies Events

declare module '../events/audit.ts' {
  interface Declared {
    clients: typeof events
  }
}
