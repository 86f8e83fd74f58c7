-- The address that somebody last proved here to read the mailbox of. NULL for rows of before, and for imported ones.
ALTER TABLE users ADD COLUMN proven_email TEXT;

-- Who a user is at an identity provider.
CREATE TABLE identities (
  id TEXT PRIMARY KEY,
  issuer TEXT NOT NULL,
  subject TEXT NOT NULL,
  user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  provider TEXT NOT NULL,
  email TEXT,
  name TEXT,
  created_at INTEGER NOT NULL,
  last_used_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX identities_subject ON identities (issuer, subject);
CREATE UNIQUE INDEX identities_user_id ON identities (user_id, provider);

CREATE TRIGGER identities_added AFTER INSERT ON identities
BEGIN
  UPDATE users SET epoch = epoch + 1 WHERE id = NEW.user_id;
END;
CREATE TRIGGER identities_removed AFTER DELETE ON identities
BEGIN
  UPDATE users SET epoch = epoch + 1 WHERE id = OLD.user_id;
END;

-- Whoever confirms an address without the password of the account, or sets a new one, is not the one who registered it.
CREATE TRIGGER users_confirmed_identities AFTER UPDATE OF email_verified ON users
WHEN OLD.email_verified = 0 AND NEW.email_verified = 1
  AND (NEW.hashed_password IS NULL OR NEW.hashed_password IS NOT OLD.hashed_password)
BEGIN
  DELETE FROM identities WHERE user_id = NEW.id;
END;

CREATE TRIGGER audit_events_identities_published AFTER INSERT ON audit_events
WHEN NEW.reason IS NULL AND NEW.event IN ('identity_added', 'identity_removed')
BEGIN
  INSERT INTO webhook_outbox (id, type, user_id, session_id, actor, at, due_at)
  VALUES ('evt_' || lower(hex(randomblob(16))), replace(NEW.event, '_', '.'), NEW.user_id, NEW.session_id, NEW.actor, NEW.at,
    NEW.at);
END;
