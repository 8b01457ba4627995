-- Appends events.
INSERT OR ROLLBACK INTO events (
    sequence, event_id, namespace, event_type, subject_kind, subject_id, subject_revision, actor, recorded_at, payload,
    payload_digest, leaf_hash
)
VALUES {(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)}
