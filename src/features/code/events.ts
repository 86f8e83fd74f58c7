import type { Events } from '../../core/events/declaration.ts'

export const events = {
  login_code_requested: { reasons: ['mail_limit'] },
} as const satisfies Events

declare module '../../core/events/audit.ts' {
  interface Declared {
    code: typeof events
  }
}
