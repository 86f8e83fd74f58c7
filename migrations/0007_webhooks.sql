CREATE TABLE webhook_outbox (
  id TEXT PRIMARY KEY,
  type TEXT NOT NULL,
  user_id INTEGER,
  session_id TEXT,
  actor TEXT,
  at INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  due_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX webhook_outbox_due_at ON webhook_outbox (due_at);

CREATE TRIGGER audit_events_published AFTER INSERT ON audit_events
WHEN NEW.reason IS NULL
BEGIN
  INSERT INTO webhook_outbox (id, type, user_id, session_id, actor, at, due_at)
  SELECT 'evt_' || lower(hex(randomblob(16))), type, NEW.user_id, NEW.session_id, NEW.actor, NEW.at, NEW.at
  FROM (
    SELECT CASE NEW.event
      WHEN 'registered' THEN 'user.registered'
      WHEN 'user_created' THEN 'user.created'
      WHEN 'email_verified' THEN 'user.verified'
      WHEN 'email_changed' THEN 'user.email_changed'
      WHEN 'roles_changed' THEN 'user.roles_changed'
      WHEN 'user_disabled' THEN 'user.disabled'
      WHEN 'user_enabled' THEN 'user.enabled'
      WHEN 'account_deleted' THEN 'user.deleted'
      WHEN 'password_changed' THEN 'password.changed'
      WHEN 'password_reset' THEN 'password.reset'
      WHEN 'reset_forced' THEN 'password.reset_forced'
      WHEN 'refresh_token_replayed' THEN 'session.reused'
      WHEN 'session_revoked' THEN 'session.revoked'
      WHEN 'sessions_revoked' THEN 'sessions.revoked'
      WHEN 'logged_out_everywhere' THEN 'user.logged_out_everywhere'
    END AS type
  )
  WHERE type IS NOT NULL;
END;
