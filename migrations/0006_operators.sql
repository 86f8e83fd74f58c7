ALTER TABLE audit_events ADD COLUMN actor TEXT;
CREATE INDEX audit_events_event ON audit_events (event, at);
CREATE INDEX users_with_roles ON users (id) WHERE roles <> '[]';
CREATE INDEX audit_events_actor ON audit_events (actor, at) WHERE actor IS NOT NULL;
