-- Up to $2 events after the sequence $1, in order: as many as have $3 bytes of payload together, and at least one.
SELECT
    sequence, event_id, namespace, event_type, subject_kind, subject_id, subject_revision, actor, recorded_at, payload,
    payload_digest, leaf_hash
FROM (
    SELECT
        e.*,
        SUM(length(e.payload)) OVER (ORDER BY e.sequence ROWS UNBOUNDED PRECEDING) - length(e.payload) AS bytes_before
    FROM events AS e
    WHERE e.sequence > $1
    ORDER BY e.sequence
    LIMIT $2
) AS page
WHERE bytes_before < $3
ORDER BY sequence
