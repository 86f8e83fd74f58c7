import type { Events } from '../events/declaration.ts'

export const events = {
  login_failed: {
    reasons: [
      'account_disabled',
      'email_not_verified',
      'unknown_email',
      'unknown_passkey',
      'unreadable_hash',
      'wrong_code',
      'wrong_passkey',
      'wrong_password',
    ],
  },
  login_succeeded: {},
  logged_out: {},
  refresh_token_replayed: { type: 'session.reused' },
  sessions_revoked: { type: 'sessions.revoked' },
} as const satisfies Events

declare module '../events/audit.ts' {
  interface Declared {
    sessions: typeof events
  }
}
