-- Every event after the sequence $1 up to $2, in order.
SELECT
    sequence, event_id, namespace, event_type, subject_kind, subject_id, subject_revision, actor, recorded_at, payload,
    payload_digest, leaf_hash
FROM events
WHERE sequence > $1 AND sequence <= $2
ORDER BY sequence
