-- When, where and with which device the thing was done that a mail reports. Null in rows of before.
ALTER TABLE outbox ADD COLUMN details TEXT;

-- Links in notices that undo what the notice reports.
CREATE TABLE undos (
  id INTEGER PRIMARY KEY,
  hash TEXT NOT NULL UNIQUE CHECK (length(hash) = 43),
  user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  what TEXT NOT NULL,
  email TEXT NOT NULL,
  data TEXT NOT NULL DEFAULT '{}' CHECK (json_type(data) = 'object'),
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  canonical_email TEXT GENERATED ALWAYS AS (lower(email)) VIRTUAL
) STRICT;
CREATE INDEX undos_user_id ON undos (user_id);
CREATE INDEX undos_expires_at ON undos (expires_at);
CREATE INDEX undos_email_changed ON undos (canonical_email) WHERE what = 'email_changed';

CREATE TRIGGER undo_published AFTER INSERT ON audit_events
WHEN NEW.reason IS NULL AND NEW.event = 'undone'
BEGIN
  INSERT INTO webhook_outbox (id, type, user_id, session_id, actor, at, due_at)
  VALUES ('evt_' || lower(hex(randomblob(16))), 'user.undone', NEW.user_id, NEW.session_id, NEW.actor, NEW.at, NEW.at);
END;
