-- The link of an invitation works for seven days, and a new link to reset a password does not replace it.
CREATE TABLE invitations (
  user_id INTEGER PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
  hash TEXT NOT NULL UNIQUE CHECK (length(hash) = 43),
  email TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  epoch INTEGER NOT NULL
) STRICT;

CREATE TRIGGER users_accepted AFTER UPDATE OF epoch, proven_email ON users
WHEN NEW.epoch > OLD.epoch OR NEW.proven_email IS NOT OLD.proven_email
BEGIN
  DELETE FROM invitations WHERE user_id = NEW.id;
END;

-- For lists of users.
CREATE INDEX users_domain ON users (substr(canonical_email, instr(canonical_email, '@') + 1));
CREATE INDEX users_disabled_at ON users (id) WHERE disabled_at IS NOT NULL;
CREATE INDEX users_unverified ON users (id) WHERE email_verified = 0;
