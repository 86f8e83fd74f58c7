import type { Events } from '../events/declaration.ts'

export const events = {
  mail_given_up: { reasons: ['link_expired', 'refused'] },
} as const satisfies Events

declare module '../events/audit.ts' {
  interface Declared {
    mail: typeof events
  }
}
