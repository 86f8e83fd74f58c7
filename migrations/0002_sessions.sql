CREATE TABLE sessions (
  id TEXT PRIMARY KEY,
  user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  created_at INTEGER NOT NULL,
  auth_time INTEGER NOT NULL,
  generation INTEGER NOT NULL DEFAULT 0,
  refreshed_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  tokens_until INTEGER NOT NULL,
  revoked_at INTEGER,
  ip TEXT,
  country TEXT,
  user_agent TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_user_id ON sessions (user_id);
CREATE INDEX sessions_expires_at ON sessions (expires_at);

CREATE TABLE revocations (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  session_id TEXT NOT NULL,
  until INTEGER NOT NULL
) STRICT;
CREATE INDEX revocations_until ON revocations (until);

CREATE TRIGGER sessions_revoked AFTER UPDATE OF revoked_at ON sessions
WHEN OLD.revoked_at IS NULL AND NEW.revoked_at IS NOT NULL
BEGIN
  INSERT INTO revocations (session_id, until) VALUES (NEW.id, NEW.tokens_until);
END;

CREATE TRIGGER sessions_deleted AFTER DELETE ON sessions
WHEN OLD.revoked_at IS NULL AND OLD.tokens_until > unixepoch()
BEGIN
  INSERT INTO revocations (session_id, until) VALUES (OLD.id, OLD.tokens_until);
END;

CREATE TRIGGER users_disabled AFTER UPDATE OF disabled_at ON users
WHEN NEW.disabled_at IS NOT NULL
BEGIN
  UPDATE sessions SET revoked_at = unixepoch() WHERE user_id = NEW.id AND revoked_at IS NULL;
END;
