-- Applications that nobody registered: their id is the address of a document about them. NULL for all others.
ALTER TABLE clients ADD COLUMN fetched_at INTEGER;
ALTER TABLE clients ADD COLUMN fresh_until INTEGER;
CREATE INDEX clients_fetched_at ON clients (fetched_at) WHERE fetched_at IS NOT NULL;
