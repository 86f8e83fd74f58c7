-- Mailed codes, by the id of the ticket that one was asked for with. There is a row for an address without an account, too.
CREATE TABLE login_codes (
  id TEXT PRIMARY KEY,
  email TEXT NOT NULL,
  user_id INTEGER REFERENCES users (id) ON DELETE CASCADE,
  epoch INTEGER,
  hash TEXT,
  guesses INTEGER NOT NULL DEFAULT 0,
  until INTEGER NOT NULL
) STRICT;
CREATE INDEX login_codes_email ON login_codes (email);
CREATE INDEX login_codes_user_id ON login_codes (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX login_codes_until ON login_codes (until);
