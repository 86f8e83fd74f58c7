-- Who asked for a mail, by which request, and the hash of its link. Null in rows of before.
ALTER TABLE outbox ADD COLUMN network TEXT;
ALTER TABLE outbox ADD COLUMN request_id TEXT;
ALTER TABLE outbox ADD COLUMN link_hash TEXT;
ALTER TABLE outbox ADD COLUMN domain TEXT GENERATED ALWAYS AS (lower(substr(recipient, instr(recipient, '@') + 1))) VIRTUAL;
ALTER TABLE outbox ADD COLUMN network_turn INTEGER;
ALTER TABLE outbox ADD COLUMN domain_turn INTEGER;
CREATE INDEX outbox_first_tries ON outbox (request_id) WHERE attempts = 0;
CREATE INDEX outbox_not_in_line ON outbox (due_at) WHERE network_turn IS NULL;
CREATE INDEX outbox_line ON outbox (attempts > 0, network_turn, domain_turn, due_at) WHERE network_turn IS NOT NULL;
CREATE INDEX outbox_network ON outbox (network, network_turn) WHERE network_turn IS NOT NULL;
CREATE INDEX outbox_domain ON outbox (domain, domain_turn) WHERE network_turn IS NOT NULL;
CREATE INDEX outbox_created_at ON outbox (created_at);
CREATE INDEX webhook_outbox_at ON webhook_outbox (at);
