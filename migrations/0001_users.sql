CREATE TABLE users (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  email TEXT NOT NULL,
  hashed_password TEXT,
  canonical_email TEXT GENERATED ALWAYS AS (lower(email)) VIRTUAL,
  password_set_at INTEGER,
  email_verified INTEGER NOT NULL DEFAULT 1 CHECK (email_verified IN (0, 1)),
  disabled_at INTEGER,
  roles TEXT NOT NULL DEFAULT '[]' CHECK (json_type(roles) = 'array'),
  language TEXT,
  created_at INTEGER NOT NULL DEFAULT (unixepoch())
) STRICT;
CREATE UNIQUE INDEX users_canonical_email ON users (canonical_email);
