-- The name that a user goes by, for applications that ask for the profile.
ALTER TABLE users ADD COLUMN name TEXT;

-- Applications that people sign in to with their account here.
CREATE TABLE clients (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  secret_hash TEXT CHECK (length(secret_hash) = 43),
  redirect_uris TEXT NOT NULL DEFAULT '[]' CHECK (json_type(redirect_uris) = 'array'),
  post_logout_redirect_uris TEXT NOT NULL DEFAULT '[]' CHECK (json_type(post_logout_redirect_uris) = 'array'),
  backchannel_logout_uri TEXT,
  third_party INTEGER NOT NULL DEFAULT 0 CHECK (third_party IN (0, 1)),
  scope TEXT NOT NULL,
  resources TEXT NOT NULL DEFAULT '[]' CHECK (json_type(resources) = 'array'),
  id_token_alg TEXT NOT NULL DEFAULT 'RS256' CHECK (id_token_alg IN ('RS256', 'ES256')),
  pkce INTEGER NOT NULL DEFAULT 1 CHECK (pkce = 1 OR (pkce = 0 AND secret_hash IS NOT NULL)),
  credentials INTEGER NOT NULL DEFAULT 0 CHECK (credentials = 0 OR (credentials = 1 AND secret_hash IS NOT NULL)),
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE consents (
  user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  client_id TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
  scope TEXT NOT NULL,
  granted_at INTEGER NOT NULL,
  PRIMARY KEY (user_id, client_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX consents_client_id ON consents (client_id);

-- The session of a client: whose, which session granted it, and what for. NULL in the sessions of this service itself.
ALTER TABLE sessions ADD COLUMN client_id TEXT REFERENCES clients (id) ON DELETE CASCADE;
ALTER TABLE sessions ADD COLUMN parent_id TEXT;
ALTER TABLE sessions ADD COLUMN scope TEXT;
ALTER TABLE sessions ADD COLUMN resource TEXT;
CREATE INDEX sessions_client_id ON sessions (client_id) WHERE client_id IS NOT NULL;
CREATE INDEX sessions_parent_id ON sessions (parent_id) WHERE parent_id IS NOT NULL;

-- Logouts that clients are told of.
CREATE TABLE logout_outbox (
  id TEXT PRIMARY KEY,
  client_id TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
  user_id INTEGER NOT NULL,
  at INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  due_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX logout_outbox_due_at ON logout_outbox (due_at);
CREATE INDEX logout_outbox_at ON logout_outbox (at);
CREATE INDEX logout_outbox_client_id ON logout_outbox (client_id);

CREATE TRIGGER sessions_revoked_clients AFTER UPDATE OF revoked_at ON sessions
WHEN OLD.revoked_at IS NULL AND NEW.revoked_at IS NOT NULL
BEGIN
  INSERT INTO logout_outbox (id, client_id, user_id, at, due_at)
  SELECT sessions.id, client_id, user_id, NEW.revoked_at, NEW.revoked_at
  FROM sessions JOIN clients ON clients.id = client_id
  WHERE (sessions.id = NEW.id OR (parent_id = NEW.id AND revoked_at IS NULL)) AND backchannel_logout_uri IS NOT NULL
  ON CONFLICT DO NOTHING;
END;

CREATE TRIGGER sessions_revoked_parent AFTER UPDATE OF revoked_at ON sessions
WHEN OLD.revoked_at IS NULL AND NEW.revoked_at IS NOT NULL AND NEW.client_id IS NULL
BEGIN
  UPDATE sessions SET revoked_at = NEW.revoked_at
  WHERE parent_id = NEW.id AND revoked_at IS NULL AND instr(' ' || scope || ' ', ' offline_access ') = 0;
END;

CREATE TRIGGER sessions_deleted_clients AFTER DELETE ON sessions
WHEN OLD.revoked_at IS NULL AND OLD.expires_at > unixepoch()
BEGIN
  INSERT INTO logout_outbox (id, client_id, user_id, at, due_at)
  SELECT ended.id, ended.client_id, OLD.user_id, unixepoch(), unixepoch()
  FROM (
    SELECT OLD.id AS id, OLD.client_id AS client_id
    UNION ALL SELECT id, client_id FROM sessions WHERE parent_id = OLD.id AND revoked_at IS NULL
  ) AS ended JOIN clients ON clients.id = ended.client_id
  WHERE backchannel_logout_uri IS NOT NULL
  ON CONFLICT DO NOTHING;
END;

CREATE TRIGGER sessions_deleted_parent AFTER DELETE ON sessions
WHEN OLD.client_id IS NULL
BEGIN
  UPDATE sessions SET revoked_at = unixepoch()
  WHERE parent_id = OLD.id AND revoked_at IS NULL AND instr(' ' || scope || ' ', ' offline_access ') = 0;
END;

-- Which client an event is about.
ALTER TABLE audit_events ADD COLUMN client_id TEXT;
ALTER TABLE webhook_outbox ADD COLUMN client_id TEXT;
CREATE TRIGGER audit_events_clients_published AFTER INSERT ON audit_events
WHEN NEW.reason IS NULL AND NEW.event IN ('client_created', 'client_changed', 'client_secret_rotated', 'client_deleted',
  'consent_granted', 'consent_withdrawn', 'user_name_changed')
BEGIN
  INSERT INTO webhook_outbox (id, type, user_id, session_id, actor, at, due_at, client_id)
  VALUES ('evt_' || lower(hex(randomblob(16))),
    substr(NEW.event, 1, instr(NEW.event, '_') - 1) || '.' || substr(NEW.event, instr(NEW.event, '_') + 1),
    NEW.user_id, NEW.session_id, NEW.actor, NEW.at, NEW.at, NEW.client_id);
END;
