-- Adds contract events.
INSERT INTO contract_events (namespace, event_id, subject_id, sort_key, digest, sequence)
VALUES {(?, ?, ?, ?, ?, ?)}
