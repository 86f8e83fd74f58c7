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
  language TEXT,
  created_at INTEGER NOT NULL DEFAULT (unixepoch())
) STRICT;
CREATE UNIQUE INDEX users_canonical_email ON users (canonical_email);
-- Those with roles are few: the last admin is found among them, not among all users.
CREATE INDEX users_with_roles ON users (id) WHERE roles <> '[]';

-- sessions: what tokens stand on. A token is dead when its session is. Whoever ends a session (the service, a cascade,
-- an operator with SQL), the triggers publish it in revocations, which every isolate reads a few seconds later.
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

-- audit: what happened, appended and never changed. No reference to users: the record outlives the account.
-- actor: who did it, where that was not the user: `user:<id>` for an admin, `cli:<name>` for the command line.
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
  request_id TEXT,
  actor TEXT
) STRICT;
CREATE INDEX audit_events_user_id ON audit_events (user_id, at);
CREATE INDEX audit_events_at ON audit_events (at);
CREATE INDEX audit_events_event ON audit_events (event, at);
CREATE INDEX audit_events_actor ON audit_events (actor, at) WHERE actor IS NOT NULL;
CREATE TRIGGER audit_events_append_only BEFORE UPDATE ON audit_events
BEGIN
  SELECT RAISE(ABORT, 'audit_events is append-only');
END;

-- one_time_tokens: SHA-256 of what was mailed; one live token for each purpose, bound to the address it went to.
CREATE TABLE one_time_tokens (
  user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  purpose TEXT NOT NULL CHECK (purpose IN ('verify', 'reset', 'email_change')),
  hash TEXT NOT NULL UNIQUE CHECK (length(hash) = 43),
  email TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (user_id, purpose)
) STRICT, WITHOUT ROWID;
CREATE INDEX one_time_tokens_expires_at ON one_time_tokens (expires_at);

-- outbox: mail to be sent, written in the same batch as the change that asks for it. Links are sealed.
CREATE TABLE outbox (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  recipient TEXT NOT NULL,
  language TEXT NOT NULL,
  sealed_token TEXT,
  user_id INTEGER,
  created_at INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  due_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX outbox_due_at ON outbox (due_at);

-- webhook_outbox: events to be told to WEBHOOK_URL. The trigger makes them of audit rows, so the batch of a change holds
-- them too, and nobody can forget one. Events that are not in its list stay inside: logins, requests, failures.
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

-- wrangler's own record, so that a database made from this file takes later migrations and not the earlier ones.
CREATE TABLE d1_migrations(
		id         INTEGER PRIMARY KEY AUTOINCREMENT,
		name       TEXT UNIQUE,
		applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL
);
INSERT INTO d1_migrations (name)
VALUES ('0001_users.sql'), ('0002_sessions.sql'), ('0003_audit.sql'), ('0004_one_time_tokens.sql'), ('0005_outbox.sql'),
  ('0006_operators.sql'), ('0007_webhooks.sql');
