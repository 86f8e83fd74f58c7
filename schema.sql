-- The whole schema, one paragraph per owner. migrations/ brings a database to this state; a test proves that both
-- agree.
-- All times are whole seconds since 1970.

-- users: who may sign in. A row needs only id, email and hashed_password; rows copied from another application count as
-- verified. AUTOINCREMENT, because the id of a deleted user must never be given to another user.
-- epoch: everything proven or mailed under a lower epoch is void. Triggers raise the epoch when the password or the
-- address changes and when the user is disabled or enabled, whoever makes the change. The service also raises it when
-- it ends all sessions of a user. An operator who ends sessions with SQL must raise it in the same step. When a login
-- rehashes the same password at a higher cost, it counts that in hash_upgrades, and the epoch stays.
-- unconfirmed_until: when an unconfirmed registration is deleted, unless one of its links is still valid. NULL for all
-- other users.
-- second_factor: whether the account asks for a second factor at each sign-in. An operator who removes the last factor
-- with SQL must set it to 0. second_factor_at: since when, as far as the service turned it on.
-- password_set_at: when a password was set, removed or made void here. NULL where that never happened, as after an import.
-- proven_email: the address of which somebody last proved here, by a link or a code, to read the mailbox. An identity
-- provider that vouches for an address signs in to an existing account only if this is the account's address.
-- name: what the user goes by, for applications that ask for the profile.
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
  created_at INTEGER NOT NULL DEFAULT (unixepoch()),
  epoch INTEGER NOT NULL DEFAULT 0,
  hash_upgrades INTEGER NOT NULL DEFAULT 0,
  unconfirmed_until INTEGER,
  second_factor INTEGER NOT NULL DEFAULT 0 CHECK (second_factor IN (0, 1)),
  second_factor_at INTEGER,
  proven_email TEXT,
  name TEXT
) STRICT;
CREATE UNIQUE INDEX users_canonical_email ON users (canonical_email);
-- Few users have roles. The search for the last admin reads this index instead of all users.
CREATE INDEX users_with_roles ON users (id) WHERE roles <> '[]';
CREATE INDEX users_unconfirmed_until ON users (unconfirmed_until) WHERE unconfirmed_until IS NOT NULL;
-- For lists of users.
CREATE INDEX users_domain ON users (substr(canonical_email, instr(canonical_email, '@') + 1));
CREATE INDEX users_disabled_at ON users (id) WHERE disabled_at IS NOT NULL;
CREATE INDEX users_unverified ON users (id) WHERE email_verified = 0;

CREATE TRIGGER users_changed AFTER UPDATE OF hashed_password, password_set_at, email, disabled_at ON users
WHEN (NEW.hashed_password IS NOT OLD.hashed_password AND NEW.hash_upgrades = OLD.hash_upgrades)
  OR NEW.password_set_at IS NOT OLD.password_set_at
  OR NEW.email <> OLD.email
  OR (NEW.disabled_at IS NULL) <> (OLD.disabled_at IS NULL)
BEGIN
  UPDATE users SET epoch = epoch + 1 WHERE id = NEW.id;
END;

CREATE TRIGGER users_second_factor AFTER UPDATE OF second_factor ON users
WHEN NEW.second_factor <> OLD.second_factor
BEGIN
  UPDATE users SET epoch = epoch + 1 WHERE id = NEW.id;
END;

CREATE TRIGGER users_confirmed AFTER UPDATE OF email_verified ON users
WHEN NEW.email_verified = 1 AND NEW.unconfirmed_until IS NOT NULL
BEGIN
  UPDATE users SET unconfirmed_until = NULL WHERE id = NEW.id;
END;

-- sessions: a token is valid only as long as its session. When a session ends, by the service, by a cascade or by an
-- operator's SQL, a trigger publishes it in revocations. Every isolate reads that table within a few seconds.
-- methods: the names of the methods by which the session began.
-- shown: when each method was last shown in the session, by name. Empty if a Worker older than the column wrote the row:
-- then it was the password, at auth_time.
-- client_id: the client that the session belongs to; NULL in the sessions of this service itself. Its parent_id is the
-- session that granted it, its scope and resource are what it was granted. It ends with its parent, by a trigger, unless
-- its scope has offline_access.
CREATE TABLE sessions (
  id TEXT PRIMARY KEY,
  user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  created_at INTEGER NOT NULL,
  auth_time INTEGER NOT NULL,
  generation INTEGER NOT NULL DEFAULT 0,
  refreshed_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  tokens_until INTEGER NOT NULL,
  revoked_at INTEGER,
  ip TEXT,
  country TEXT,
  user_agent TEXT,
  methods TEXT NOT NULL DEFAULT '["password"]' CHECK (json_type(methods) = 'array'),
  shown TEXT NOT NULL DEFAULT '{}' CHECK (json_type(shown) = 'object'),
  client_id TEXT REFERENCES clients (id) ON DELETE CASCADE,
  parent_id TEXT,
  scope TEXT,
  resource TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_user_id ON sessions (user_id);
CREATE INDEX sessions_expires_at ON sessions (expires_at);
CREATE INDEX sessions_client_id ON sessions (client_id) WHERE client_id IS NOT NULL;
CREATE INDEX sessions_parent_id ON sessions (parent_id) WHERE parent_id IS NOT NULL;

CREATE TABLE revocations (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  session_id TEXT NOT NULL,
  until INTEGER NOT NULL
) STRICT;
CREATE INDEX revocations_until ON revocations (until);

CREATE TRIGGER sessions_revoked AFTER UPDATE OF revoked_at ON sessions
WHEN OLD.revoked_at IS NULL AND NEW.revoked_at IS NOT NULL
BEGIN
  INSERT INTO revocations (session_id, until) VALUES (NEW.id, NEW.tokens_until);
END;

CREATE TRIGGER sessions_deleted AFTER DELETE ON sessions
WHEN OLD.revoked_at IS NULL AND OLD.tokens_until > unixepoch()
BEGIN
  INSERT INTO revocations (session_id, until) VALUES (OLD.id, OLD.tokens_until);
END;

CREATE TRIGGER users_disabled AFTER UPDATE OF disabled_at ON users
WHEN NEW.disabled_at IS NOT NULL
BEGIN
  UPDATE sessions SET revoked_at = unixepoch() WHERE user_id = NEW.id AND revoked_at IS NULL;
END;

-- audit: an append-only record of what happened. It does not reference users, because the record outlives the account.
-- actor: who acted, if not the user: `user:<id>` for an admin, `cli:<name>` for the command line.
-- client_id: the client that the event is about.
CREATE TABLE audit_events (
  id INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  event TEXT NOT NULL,
  reason TEXT,
  user_id INTEGER,
  session_id TEXT,
  ip TEXT,
  country TEXT,
  user_agent TEXT,
  request_id TEXT,
  actor TEXT,
  client_id TEXT
) STRICT;
CREATE INDEX audit_events_user_id ON audit_events (user_id, at);
CREATE INDEX audit_events_at ON audit_events (at);
CREATE INDEX audit_events_event ON audit_events (event, at);
CREATE INDEX audit_events_actor ON audit_events (actor, at) WHERE actor IS NOT NULL;
CREATE TRIGGER audit_events_append_only BEFORE UPDATE ON audit_events
BEGIN
  SELECT RAISE(ABORT, 'audit_events is append-only');
END;

-- one_time_tokens: SHA-256 hashes of mailed tokens. A user has at most one live token for each purpose, and it is bound
-- to the address it was mailed to. It is deleted when the user's epoch rises above the epoch it was issued in. A token
-- without an epoch comes from a Worker older than epochs. It becomes invalid too, but its row stays, because that
-- Worker still reads the row in the batch that raises the epoch.
-- cancel_hash: the hash of the link that cancels a change of address. That link is in the notice to the old address.
CREATE TABLE one_time_tokens (
  user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  purpose TEXT NOT NULL CHECK (purpose IN ('verify', 'reset', 'email_change')),
  hash TEXT NOT NULL UNIQUE CHECK (length(hash) = 43),
  email TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  epoch INTEGER,
  cancel_hash TEXT,
  PRIMARY KEY (user_id, purpose)
) STRICT, WITHOUT ROWID;
CREATE INDEX one_time_tokens_expires_at ON one_time_tokens (expires_at);
CREATE UNIQUE INDEX one_time_tokens_cancel_hash ON one_time_tokens (cancel_hash) WHERE cancel_hash IS NOT NULL;

CREATE TRIGGER users_epoch_raised AFTER UPDATE OF epoch ON users
WHEN NEW.epoch > OLD.epoch
BEGIN
  DELETE FROM one_time_tokens WHERE user_id = NEW.id AND epoch < NEW.epoch;
END;

-- invitations: SHA-256 hashes of the links that invite people to accounts that operators made. Each sets a password, works for
-- seven days, and is bound to the address it was mailed to and to the user's epoch. A link to reset a password, which anybody
-- may request, does not replace it. It is deleted when the user's epoch rises or somebody proves to read the mailbox; an
-- expired one stays until then.
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

-- passkeys: the public keys with which users sign in. They belong to the host of PUBLIC_URL. id: the credential id.
-- counter, backup_eligible and backed_up: as the last assertion said. user_verified: whether its device has ever verified
-- its user; only then the passkey is enough alone. last_challenge: the ticket that it answered.
-- passkey_handles: the random name under which authenticators know a user. Triggers raise the epoch when an account gains
-- or loses a passkey, and remove the passkeys of whoever registered an address that somebody else confirms.
CREATE TABLE passkey_handles (
  user_id INTEGER PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
  handle TEXT NOT NULL UNIQUE
) STRICT;

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

-- spent: the ids of tickets, challenges and codes that were used; each works only once. A batch that depends on one
-- inserts the row in its first statement, and its other statements check that `by` is their own attempt.
-- by: the attempt that used it. until: when it would have expired anyway.
CREATE TABLE spent (
  id TEXT PRIMARY KEY,
  by TEXT NOT NULL,
  until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX spent_until ON spent (until);

-- recovery_codes: SHA-256 hashes of codes of 80 random bits. Each replaces a lost second factor once.
-- created_at: an undo voids those that were made since the change.
CREATE TABLE recovery_codes (
  user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  hash TEXT NOT NULL CHECK (length(hash) = 43),
  created_at INTEGER NOT NULL DEFAULT (unixepoch()),
  PRIMARY KEY (user_id, hash)
) STRICT, WITHOUT ROWID;

-- totp: the authenticator app of an account. The secret is encrypted; key_name names its key, which is derived from
-- LATCHKEY_SECRET. confirmed_at: NULL until a first code has shown that the app works.
-- last_step: the newest step of which a code was accepted. No code of it or of an older step is accepted again.
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

CREATE TRIGGER users_confirmed_totp AFTER UPDATE OF email_verified ON users
WHEN OLD.email_verified = 0 AND NEW.email_verified = 1
  AND (NEW.hashed_password IS NULL OR NEW.hashed_password IS NOT OLD.hashed_password)
BEGIN
  DELETE FROM totp WHERE user_id = NEW.id; DELETE FROM recovery_codes WHERE user_id = NEW.id; UPDATE users SET second_factor = 0 WHERE id = NEW.id;
END;

-- login_codes: keyed hashes of mailed codes, by the id of the ticket that the browser got for it. A code works only
-- together with its ticket. To conceal which addresses have an account, there is a row for every request.
-- email: the address, in its canonical spelling. user_id, epoch: who signs in, in which epoch. A row without a user opens
-- nothing; if it has an epoch, the code registers the address. hash: NULL if no mail was sent.
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

-- identities: who a user is at an identity provider. The key is issuer and subject. email and name are what the provider
-- said last, for display alone. An account has at most one identity of each provider. Triggers raise the epoch when an
-- account gains or loses one, and remove those of whoever registered an address that somebody else confirms.
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

-- outbox: mail to be sent, written in the same batch as the change that causes it. Links are encrypted. A mail that its
-- own request could not send waits in line. network_turn is its place among the mails that the same network requested,
-- domain_turn its place among the mails to the same domain; NULL means not in line. A mail is not sent if the link with
-- its link_hash is void. details: when, where and with which device the thing was done that the mail reports (JSON).
CREATE TABLE outbox (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  recipient TEXT NOT NULL,
  language TEXT NOT NULL,
  sealed_token TEXT,
  user_id INTEGER,
  created_at INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  due_at INTEGER NOT NULL,
  network TEXT,
  request_id TEXT,
  link_hash TEXT,
  domain TEXT GENERATED ALWAYS AS (lower(substr(recipient, instr(recipient, '@') + 1))) VIRTUAL,
  network_turn INTEGER,
  domain_turn INTEGER,
  details TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX outbox_due_at ON outbox (due_at);
CREATE INDEX outbox_first_tries ON outbox (request_id) WHERE attempts = 0;
CREATE INDEX outbox_not_in_line ON outbox (due_at) WHERE network_turn IS NULL;
CREATE INDEX outbox_line ON outbox (attempts > 0, network_turn, domain_turn, due_at) WHERE network_turn IS NOT NULL;
CREATE INDEX outbox_network ON outbox (network, network_turn) WHERE network_turn IS NOT NULL;
CREATE INDEX outbox_domain ON outbox (domain, domain_turn) WHERE network_turn IS NOT NULL;
CREATE INDEX outbox_created_at ON outbox (created_at);

-- webhook_outbox: events to be posted to WEBHOOK_URL. A trigger creates them from audit rows, so they are part of the
-- batch of the change and cannot be forgotten. Events that the trigger does not list stay internal: logins, requests,
-- failures. A feature that publishes an event of its own adds a trigger like this one.
CREATE TABLE webhook_outbox (
  id TEXT PRIMARY KEY,
  type TEXT NOT NULL,
  user_id INTEGER,
  session_id TEXT,
  actor TEXT,
  at INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  due_at INTEGER NOT NULL,
  client_id TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX webhook_outbox_due_at ON webhook_outbox (due_at);
CREATE INDEX webhook_outbox_at ON webhook_outbox (at);

CREATE TRIGGER audit_events_published AFTER INSERT ON audit_events
WHEN NEW.reason IS NULL
BEGIN
  INSERT INTO webhook_outbox (id, type, user_id, session_id, actor, at, due_at)
  SELECT 'evt_' || lower(hex(randomblob(16))), type, NEW.user_id, NEW.session_id, NEW.actor, NEW.at, NEW.at
  FROM (
    SELECT CASE NEW.event
      WHEN 'registered' THEN 'user.registered'
      WHEN 'user_created' THEN 'user.created'
      WHEN 'email_verified' THEN 'user.verified'
      WHEN 'email_changed' THEN 'user.email_changed'
      WHEN 'roles_changed' THEN 'user.roles_changed'
      WHEN 'user_disabled' THEN 'user.disabled'
      WHEN 'user_enabled' THEN 'user.enabled'
      WHEN 'account_deleted' THEN 'user.deleted'
      WHEN 'password_changed' THEN 'password.changed'
      WHEN 'password_reset' THEN 'password.reset'
      WHEN 'reset_forced' THEN 'password.reset_forced'
      WHEN 'refresh_token_replayed' THEN 'session.reused'
      WHEN 'session_revoked' THEN 'session.revoked'
      WHEN 'sessions_revoked' THEN 'sessions.revoked'
      WHEN 'logged_out_everywhere' THEN 'user.logged_out_everywhere'
    END AS type
  )
  WHERE type IS NOT NULL;
END;

CREATE TRIGGER audit_events_totp_published AFTER INSERT ON audit_events
WHEN NEW.reason IS NULL AND NEW.event IN ('totp_added', 'totp_removed', 'recovery_used', 'recovery_renewed')
BEGIN
  INSERT INTO webhook_outbox (id, type, user_id, session_id, actor, at, due_at)
  VALUES ('evt_' || lower(hex(randomblob(16))), replace(NEW.event, '_', '.'), NEW.user_id, NEW.session_id, NEW.actor, NEW.at,
    NEW.at);
END;

-- The administrator's removal of a factor, and the user's of the password, are published like the events above.
CREATE TRIGGER factors_removed_published AFTER INSERT ON audit_events
WHEN NEW.event = 'factors_removed' AND NEW.reason IS NULL
BEGIN
  INSERT INTO webhook_outbox (id, type, user_id, session_id, actor, at, due_at)
  VALUES ('evt_' || lower(hex(randomblob(16))), 'factors.removed', NEW.user_id, NEW.session_id, NEW.actor, NEW.at, NEW.at);
END;

CREATE TRIGGER password_removed_published AFTER INSERT ON audit_events
WHEN NEW.event = 'password_removed' AND NEW.reason IS NULL
BEGIN
  INSERT INTO webhook_outbox (id, type, user_id, session_id, actor, at, due_at)
  VALUES ('evt_' || lower(hex(randomblob(16))), 'password.removed', NEW.user_id, NEW.session_id, NEW.actor, NEW.at, NEW.at);
END;

-- undos: SHA-256 hashes of the links in notices that undo what the notice reports. A new epoch does not void them, because
-- whoever took the account over could raise it. The row of an undone change is deleted, and with it the rows of everything
-- later. As long as the row of a change of address stands, nobody else can have the address.
-- what: the change. email: the address the link was mailed to, which the account had then. data: which factor (JSON).
CREATE TABLE undos (
  id INTEGER PRIMARY KEY,
  hash TEXT NOT NULL UNIQUE CHECK (length(hash) = 43),
  user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  what TEXT NOT NULL,
  email TEXT NOT NULL,
  data TEXT NOT NULL DEFAULT '{}' CHECK (json_type(data) = 'object'),
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  canonical_email TEXT GENERATED ALWAYS AS (lower(email)) VIRTUAL
) STRICT;
CREATE INDEX undos_user_id ON undos (user_id);
CREATE INDEX undos_expires_at ON undos (expires_at);
CREATE INDEX undos_email_changed ON undos (canonical_email) WHERE what = 'email_changed';

CREATE TRIGGER undo_published AFTER INSERT ON audit_events
WHEN NEW.reason IS NULL AND NEW.event = 'undone'
BEGIN
  INSERT INTO webhook_outbox (id, type, user_id, session_id, actor, at, due_at)
  VALUES ('evt_' || lower(hex(randomblob(16))), 'user.undone', NEW.user_id, NEW.session_id, NEW.actor, NEW.at, NEW.at);
END;

-- clients: the applications that people sign in to with their account here. secret_hash: SHA-256 of its secret, a random
-- number of 256 bits; NULL for a public client, which can keep no secret. third_party: whether people are asked for their
-- consent. scope: what it may ask for. resources: the audiences (RFC 8707) that it may have tokens for. pkce: 0 for an old
-- library that cannot; such a client must send a nonce. credentials: whether it may have tokens of its own
-- (client_credentials). fetched_at, fresh_until: when the document at the address `id` was read, and until when that is
-- good; NULL for a client that is registered.
CREATE TABLE clients (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  secret_hash TEXT CHECK (length(secret_hash) = 43),
  redirect_uris TEXT NOT NULL DEFAULT '[]' CHECK (json_type(redirect_uris) = 'array'),
  post_logout_redirect_uris TEXT NOT NULL DEFAULT '[]' CHECK (json_type(post_logout_redirect_uris) = 'array'),
  backchannel_logout_uri TEXT,
  third_party INTEGER NOT NULL DEFAULT 0 CHECK (third_party IN (0, 1)),
  scope TEXT NOT NULL,
  resources TEXT NOT NULL DEFAULT '[]' CHECK (json_type(resources) = 'array'),
  id_token_alg TEXT NOT NULL DEFAULT 'RS256' CHECK (id_token_alg IN ('RS256', 'ES256')),
  pkce INTEGER NOT NULL DEFAULT 1 CHECK (pkce = 1 OR (pkce = 0 AND secret_hash IS NOT NULL)),
  credentials INTEGER NOT NULL DEFAULT 0 CHECK (credentials = 0 OR (credentials = 1 AND secret_hash IS NOT NULL)),
  created_at INTEGER NOT NULL,
  fetched_at INTEGER,
  fresh_until INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX clients_fetched_at ON clients (fetched_at) WHERE fetched_at IS NOT NULL;

-- consents: what a user allowed a client of a third party.
CREATE TABLE consents (
  user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  client_id TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
  scope TEXT NOT NULL,
  granted_at INTEGER NOT NULL,
  PRIMARY KEY (user_id, client_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX consents_client_id ON consents (client_id);

-- logout_outbox: ended sessions of clients with a backchannel_logout_uri, which is told of them. id: the session. Triggers
-- add the rows, so no end can be forgotten. When the parent of a session with offline_access ends, the session stays,
-- but its client is told that the user signed out.
CREATE TABLE logout_outbox (
  id TEXT PRIMARY KEY,
  client_id TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
  user_id INTEGER NOT NULL,
  at INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  due_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX logout_outbox_due_at ON logout_outbox (due_at);
CREATE INDEX logout_outbox_at ON logout_outbox (at);
CREATE INDEX logout_outbox_client_id ON logout_outbox (client_id);

CREATE TRIGGER sessions_revoked_clients AFTER UPDATE OF revoked_at ON sessions
WHEN OLD.revoked_at IS NULL AND NEW.revoked_at IS NOT NULL
BEGIN
  INSERT INTO logout_outbox (id, client_id, user_id, at, due_at)
  SELECT sessions.id, client_id, user_id, NEW.revoked_at, NEW.revoked_at
  FROM sessions JOIN clients ON clients.id = client_id
  WHERE (sessions.id = NEW.id OR (parent_id = NEW.id AND revoked_at IS NULL)) AND backchannel_logout_uri IS NOT NULL
  ON CONFLICT DO NOTHING;
END;

CREATE TRIGGER sessions_revoked_parent AFTER UPDATE OF revoked_at ON sessions
WHEN OLD.revoked_at IS NULL AND NEW.revoked_at IS NOT NULL AND NEW.client_id IS NULL
BEGIN
  UPDATE sessions SET revoked_at = NEW.revoked_at
  WHERE parent_id = NEW.id AND revoked_at IS NULL AND instr(' ' || scope || ' ', ' offline_access ') = 0;
END;

CREATE TRIGGER sessions_deleted_clients AFTER DELETE ON sessions
WHEN OLD.revoked_at IS NULL AND OLD.expires_at > unixepoch()
BEGIN
  INSERT INTO logout_outbox (id, client_id, user_id, at, due_at)
  SELECT ended.id, ended.client_id, OLD.user_id, unixepoch(), unixepoch()
  FROM (
    SELECT OLD.id AS id, OLD.client_id AS client_id
    UNION ALL SELECT id, client_id FROM sessions WHERE parent_id = OLD.id AND revoked_at IS NULL
  ) AS ended JOIN clients ON clients.id = ended.client_id
  WHERE backchannel_logout_uri IS NOT NULL
  ON CONFLICT DO NOTHING;
END;

CREATE TRIGGER sessions_deleted_parent AFTER DELETE ON sessions
WHEN OLD.client_id IS NULL
BEGIN
  UPDATE sessions SET revoked_at = unixepoch()
  WHERE parent_id = OLD.id AND revoked_at IS NULL AND instr(' ' || scope || ' ', ' offline_access ') = 0;
END;

CREATE TRIGGER audit_events_clients_published AFTER INSERT ON audit_events
WHEN NEW.reason IS NULL AND NEW.event IN ('client_created', 'client_changed', 'client_secret_rotated', 'client_deleted',
  'consent_granted', 'consent_withdrawn', 'user_name_changed')
BEGIN
  INSERT INTO webhook_outbox (id, type, user_id, session_id, actor, at, due_at, client_id)
  VALUES ('evt_' || lower(hex(randomblob(16))),
    substr(NEW.event, 1, instr(NEW.event, '_') - 1) || '.' || substr(NEW.event, instr(NEW.event, '_') + 1),
    NEW.user_id, NEW.session_id, NEW.actor, NEW.at, NEW.at, NEW.client_id);
END;

-- wrangler's own table, filled so that a database created from this file receives only later migrations.
CREATE TABLE d1_migrations(
		id         INTEGER PRIMARY KEY AUTOINCREMENT,
		name       TEXT UNIQUE,
		applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL
);
INSERT INTO d1_migrations (name)
VALUES ('0001_users.sql'), ('0002_sessions.sql'), ('0003_audit.sql'), ('0004_one_time_tokens.sql'), ('0005_outbox.sql'),
  ('0006_operators.sql'), ('0007_webhooks.sql'), ('0008_epoch.sql'), ('0009_outbox_line.sql'),
  ('0010_spent.sql'), ('0011_second_factor.sql'), ('0012_totp.sql'), ('0013_passkeys.sql'),
  ('0014_login_codes.sql'), ('0015_undo.sql'), ('0016_factors_removed.sql'), ('0017_password_removed.sql'),
  ('0018_identities.sql'), ('0019_oauth.sql'), ('0020_invitations.sql'), ('0021_documents.sql');
