ALTER TABLE users ADD COLUMN epoch INTEGER NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN hash_upgrades INTEGER NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN unconfirmed_until INTEGER;
CREATE INDEX users_unconfirmed_until ON users (unconfirmed_until) WHERE unconfirmed_until IS NOT NULL;

CREATE TRIGGER users_changed AFTER UPDATE OF hashed_password, password_set_at, email, disabled_at ON users
WHEN (NEW.hashed_password IS NOT OLD.hashed_password AND NEW.hash_upgrades = OLD.hash_upgrades)
  OR NEW.password_set_at IS NOT OLD.password_set_at
  OR NEW.email <> OLD.email
  OR (NEW.disabled_at IS NULL) <> (OLD.disabled_at IS NULL)
BEGIN
  UPDATE users SET epoch = epoch + 1 WHERE id = NEW.id;
END;

CREATE TRIGGER users_confirmed AFTER UPDATE OF email_verified ON users
WHEN NEW.email_verified = 1 AND NEW.unconfirmed_until IS NOT NULL
BEGIN
  UPDATE users SET unconfirmed_until = NULL WHERE id = NEW.id;
END;

ALTER TABLE one_time_tokens ADD COLUMN epoch INTEGER;
ALTER TABLE one_time_tokens ADD COLUMN cancel_hash TEXT;
CREATE UNIQUE INDEX one_time_tokens_cancel_hash ON one_time_tokens (cancel_hash) WHERE cancel_hash IS NOT NULL;
CREATE TRIGGER users_epoch_raised AFTER UPDATE OF epoch ON users
WHEN NEW.epoch > OLD.epoch
BEGIN
  DELETE FROM one_time_tokens WHERE user_id = NEW.id AND epoch < NEW.epoch;
END;

-- Registrations that wait to be confirmed, as far as the audit trail still knows them. An imported user is none, and neither
-- is who confirmed once and is to do so again.
UPDATE users SET unconfirmed_until = unixepoch() + 604800
WHERE email_verified = 0
  AND id IN (SELECT user_id FROM audit_events WHERE event = 'registered' AND reason IS NULL)
  AND NOT EXISTS (SELECT 1 FROM audit_events
    WHERE user_id = users.id AND event IN ('email_verified', 'password_reset', 'login_succeeded'));
