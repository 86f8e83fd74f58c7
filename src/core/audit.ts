/** Where a request came from, as far as the platform vouches for it. */
export type Client = {
  ip: string | null
  country: string | null
  user_agent: string | null
  request_id: string
}

/** Security events. `reason` is private: it may say what the wire must not. */
export type AuditEvent = {
  event: 'login_succeeded' | 'login_failed' | 'logged_out'
  reason?: 'unknown_email' | 'wrong_password' | 'unreadable_hash' | 'account_disabled' | 'email_not_verified'
  user_id?: number | undefined
  session_id?: string
}

/** The statement that appends one event: batch it with the change that it records. Holds no secret, ever. */
export function auditRow(
  db: D1Database,
  { event, reason, user_id, session_id }: AuditEvent,
  { ip, country, user_agent, request_id }: Client,
  at: number,
): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO audit_events (at, event, reason, user_id, session_id, ip, country, user_agent, request_id)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    .bind(at, event, reason ?? null, user_id ?? null, session_id ?? null, ip, country, user_agent, request_id)
}
