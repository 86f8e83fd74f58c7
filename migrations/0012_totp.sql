-- The authenticator app of an account: its secret, sealed, and which key seals it.
CREATE TABLE totp (
  user_id INTEGER PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
  id TEXT NOT NULL,
  secret TEXT NOT NULL,
  key_name TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  confirmed_at INTEGER,
  last_step INTEGER NOT NULL DEFAULT 0,
  last_used_at INTEGER
) STRICT;
CREATE INDEX totp_unconfirmed ON totp (created_at) WHERE confirmed_at IS NULL;

-- A sign-in under way must ask for an app that was added meanwhile, and what rests on one that was removed is void.
CREATE TRIGGER totp_added AFTER INSERT ON totp
WHEN NEW.confirmed_at IS NOT NULL
BEGIN
  UPDATE users SET epoch = epoch + 1 WHERE id = NEW.user_id;
END;

CREATE TRIGGER totp_confirmed AFTER UPDATE OF confirmed_at ON totp
WHEN (OLD.confirmed_at IS NULL) <> (NEW.confirmed_at IS NULL)
BEGIN
  UPDATE users SET epoch = epoch + 1 WHERE id = NEW.user_id;
END;

CREATE TRIGGER totp_removed AFTER DELETE ON totp
WHEN OLD.confirmed_at IS NOT NULL
BEGIN
  UPDATE users SET epoch = epoch + 1 WHERE id = OLD.user_id;
END;

-- Whoever confirms an address without the password of the account, or sets a new one, is not the one who registered it.
CREATE TRIGGER users_confirmed_totp AFTER UPDATE OF email_verified ON users
WHEN OLD.email_verified = 0 AND NEW.email_verified = 1
  AND (NEW.hashed_password IS NULL OR NEW.hashed_password IS NOT OLD.hashed_password)
BEGIN
  DELETE FROM totp WHERE user_id = NEW.id; DELETE FROM recovery_codes WHERE user_id = NEW.id; UPDATE users SET second_factor = 0 WHERE id = NEW.id;
END;

CREATE TRIGGER audit_events_totp_published AFTER INSERT ON audit_events
WHEN NEW.reason IS NULL AND NEW.event IN ('totp_added', 'totp_removed', 'recovery_used', 'recovery_renewed')
BEGIN
  INSERT INTO webhook_outbox (id, type, user_id, session_id, actor, at, due_at)
  VALUES ('evt_' || lower(hex(randomblob(16))), replace(NEW.event, '_', '.'), NEW.user_id, NEW.session_id, NEW.actor, NEW.at,
    NEW.at);
END;
