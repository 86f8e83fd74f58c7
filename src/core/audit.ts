import { type Sql, sql } from '../lib/sql.ts'

/** Where a request came from, as far as the platform vouches for it. */
export type Client = {
  ip: string | null
  country: string | null
  user_agent: string | null
  language: Language
  request_id: string
  /** Who acts, where that is not the user whom it is about: `user:<id>` for an admin, `cli:<name>` for the command line. */
  actor?: string
}

export const languages = ['en', 'ko'] as const
export type Language = (typeof languages)[number]

/** Security events. A reason is private: it may say what the wire must not. */
export type AuditEvent = {
  event:
    | 'account_deleted'
    | 'account_unlocked'
    | 'email_change_requested'
    | 'email_changed'
    | 'email_verified'
    | 'logged_out'
    | 'logged_out_everywhere'
    | 'login_failed'
    | 'login_succeeded'
    | 'mail_given_up'
    | 'password_changed'
    | 'password_reset'
    | 'password_reset_requested'
    | 'reauthenticated'
    | 'refresh_token_replayed'
    | 'registered'
    | 'reset_forced'
    | 'roles_changed'
    | 'session_revoked'
    | 'sessions_revoked'
    | 'user_created'
    | 'user_disabled'
    | 'user_enabled'
    | 'users_exported'
    | 'users_imported'
    | 'verification_requested'
    | 'webhook_given_up'
  reason?:
    | 'account_disabled'
    | 'email_not_verified'
    | 'known_email'
    | 'mail_limit'
    | 'unknown_email'
    | 'unreadable_hash'
    | 'wrong_password'
    | null
  user_id?: number | Sql | null | undefined
  session_id?: string | null
}

/** What the service does by itself, after the request that asked for it, or without one. */
export const byItself = (request_id: string): Client => ({
  ip: null,
  country: null,
  user_agent: null,
  language: languages[0],
  request_id,
})

/**
 * The statement that appends one event where `when` holds: batch it with the change that it records. No secret, no
 * address and no password ever goes in.
 */
export function auditRow(event: AuditEvent, client: Client, at: number, when: Sql = sql`TRUE`): Sql {
  const { ip, country, user_agent, request_id, actor = null } = client
  const [reason, user_id, session_id] = [event.reason ?? null, event.user_id ?? null, event.session_id ?? null]
  return sql`INSERT INTO audit_events (at, event, reason, user_id, session_id, ip, country, user_agent, request_id, actor)
    SELECT ${at}, ${event.event}, ${reason}, ${user_id}, ${session_id}, ${ip}, ${country}, ${user_agent}, ${request_id},
           ${actor}
    WHERE ${when}`
}
