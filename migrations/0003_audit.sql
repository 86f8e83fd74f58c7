CREATE TABLE audit_events (
  id INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  event TEXT NOT NULL,
  reason TEXT,
  user_id INTEGER,
  session_id TEXT,
  ip TEXT,
  country TEXT,
  user_agent TEXT,
  request_id TEXT
) STRICT;
CREATE INDEX audit_events_user_id ON audit_events (user_id, at);
CREATE INDEX audit_events_at ON audit_events (at);
CREATE TRIGGER audit_events_append_only BEFORE UPDATE ON audit_events
BEGIN
  SELECT RAISE(ABORT, 'audit_events is append-only');
END;
