-- Appends events, one array a column.
INSERT INTO events (
    sequence, event_id, namespace, event_type, subject_kind, subject_id, subject_revision, actor, recorded_at, payload,
    payload_digest, leaf_hash
)
SELECT * FROM unnest(
    $1::bigint[], $2::bytea[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::text[], $9::bigint[],
    $10::bytea[], $11::bytea[], $12::bytea[]
)
