CREATE TRIGGER factors_removed_published AFTER INSERT ON audit_events
WHEN NEW.event = 'factors_removed' AND NEW.reason IS NULL
BEGIN
  INSERT INTO webhook_outbox (id, type, user_id, session_id, actor, at, due_at)
  VALUES ('evt_' || lower(hex(randomblob(16))), 'factors.removed', NEW.user_id, NEW.session_id, NEW.actor, NEW.at, NEW.at);
END;
