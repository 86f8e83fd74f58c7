-- What works once, once it was used: the id of a ticket or a challenge, by which attempt, and until when it must be remembered.
CREATE TABLE spent (
  id TEXT PRIMARY KEY,
  by TEXT NOT NULL,
  until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX spent_until ON spent (until);

-- By which methods a session began. What began before this was written down, began with a password.
ALTER TABLE sessions ADD COLUMN methods TEXT NOT NULL DEFAULT '["password"]' CHECK (json_type(methods) = 'array');
