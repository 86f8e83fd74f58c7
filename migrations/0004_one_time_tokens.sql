CREATE TABLE one_time_tokens (
  user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  purpose TEXT NOT NULL CHECK (purpose IN ('verify', 'reset', 'email_change')),
  hash TEXT NOT NULL UNIQUE CHECK (length(hash) = 43),
  email TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (user_id, purpose)
) STRICT, WITHOUT ROWID;
CREATE INDEX one_time_tokens_expires_at ON one_time_tokens (expires_at);
