-- Whether an account asks for a second factor at each sign-in. Switching it on or off makes void what was proven before.
ALTER TABLE users ADD COLUMN second_factor INTEGER NOT NULL DEFAULT 0 CHECK (second_factor IN (0, 1));
-- Since when, so that an undo can tell whether it came with or after the change.
ALTER TABLE users ADD COLUMN second_factor_at INTEGER;
CREATE TRIGGER users_second_factor AFTER UPDATE OF second_factor ON users
WHEN NEW.second_factor <> OLD.second_factor
BEGIN
  UPDATE users SET epoch = epoch + 1 WHERE id = NEW.id;
END;

-- When each method was last shown in a session, by its name. Empty in a session of before: the password at auth_time.
ALTER TABLE sessions ADD COLUMN shown TEXT NOT NULL DEFAULT '{}' CHECK (json_type(shown) = 'object');

CREATE TABLE recovery_codes (
  user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  hash TEXT NOT NULL CHECK (length(hash) = 43),
  created_at INTEGER NOT NULL DEFAULT (unixepoch()),
  PRIMARY KEY (user_id, hash)
) STRICT, WITHOUT ROWID;
