-- The random name under which authenticators know a user.
CREATE TABLE passkey_handles (
  user_id INTEGER PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
  handle TEXT NOT NULL UNIQUE
) STRICT;

-- id: the credential id. counter: of the last assertion. user_verified: whether its device has ever verified its user; only then
-- it is enough alone. backup_eligible and backed_up: as that assertion said.
-- last_challenge: what it answered.
CREATE TABLE passkeys (
  id TEXT PRIMARY KEY,
  user_id INTEGER NOT NULL REFERENCES passkey_handles (user_id) ON DELETE CASCADE,
  public_key TEXT NOT NULL,
  counter INTEGER NOT NULL,
  user_verified INTEGER NOT NULL CHECK (user_verified IN (0, 1)),
  backup_eligible INTEGER NOT NULL CHECK (backup_eligible IN (0, 1)),
  backed_up INTEGER NOT NULL CHECK (backed_up IN (0, 1)),
  transports TEXT NOT NULL DEFAULT '[]' CHECK (json_type(transports) = 'array'),
  aaguid TEXT NOT NULL,
  name TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  last_used_at INTEGER,
  last_challenge TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX passkeys_user_id ON passkeys (user_id);

CREATE TRIGGER passkeys_added AFTER INSERT ON passkeys
BEGIN
  UPDATE users SET epoch = epoch + 1 WHERE id = NEW.user_id;
END;
CREATE TRIGGER passkeys_removed AFTER DELETE ON passkeys
BEGIN
  UPDATE users SET epoch = epoch + 1 WHERE id = OLD.user_id;
END;

-- Whoever confirms an address without the password of the account, or sets a new one, is not the one who registered it.
CREATE TRIGGER users_confirmed_passkeys AFTER UPDATE OF email_verified ON users
WHEN OLD.email_verified = 0 AND NEW.email_verified = 1
  AND (NEW.hashed_password IS NULL OR NEW.hashed_password IS NOT OLD.hashed_password)
BEGIN
  DELETE FROM passkey_handles WHERE user_id = NEW.id;
END;

CREATE TRIGGER audit_events_passkeys_published AFTER INSERT ON audit_events
WHEN NEW.reason IS NULL AND NEW.event IN ('passkey_added', 'passkey_removed', 'passkey_copied')
BEGIN
  INSERT INTO webhook_outbox (id, type, user_id, session_id, actor, at, due_at)
  VALUES ('evt_' || lower(hex(randomblob(16))), replace(NEW.event, '_', '.'), NEW.user_id, NEW.session_id, NEW.actor, NEW.at,
    NEW.at);
END;
