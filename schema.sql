-- The whole schema, one paragraph per owner. migrations/ is how a database gets here; a test proves that both agree.
-- Every time is in whole seconds since 1970.

-- users: who may sign in. A row needs only id, email and hashed_password: what comes from another application
-- counts as verified. AUTOINCREMENT, because the id of a deleted user must never be given to somebody else.
CREATE TABLE users (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  email TEXT NOT NULL,
  hashed_password TEXT,
  canonical_email TEXT GENERATED ALWAYS AS (lower(email)) VIRTUAL,
  password_set_at INTEGER,
  email_verified INTEGER NOT NULL DEFAULT 1 CHECK (email_verified IN (0, 1)),
  disabled_at INTEGER,
  roles TEXT NOT NULL DEFAULT '[]' CHECK (json_type(roles) = 'array'),
  created_at INTEGER NOT NULL DEFAULT (unixepoch())
) STRICT;
CREATE UNIQUE INDEX users_canonical_email ON users (canonical_email);

-- sessions: what an access token stands on. A token is dead when its session is.
CREATE TABLE sessions (
  id TEXT PRIMARY KEY,
  user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  revoked_at INTEGER,
  ip TEXT,
  country TEXT,
  user_agent TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_user_id ON sessions (user_id);

-- audit: what happened, appended and never changed. No reference to users: the record outlives the account.
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

-- wrangler's own record, so that a database made from this file takes later migrations and not the earlier ones.
CREATE TABLE d1_migrations(
		id         INTEGER PRIMARY KEY AUTOINCREMENT,
		name       TEXT UNIQUE,
		applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL
);
INSERT INTO d1_migrations (name) VALUES ('0001_users.sql'), ('0002_sessions.sql'), ('0003_audit.sql');
