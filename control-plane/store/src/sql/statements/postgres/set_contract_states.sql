-- Sets the states of streams, one array a column.
INSERT INTO contract_states (
    subject_id, event_count, size_bytes, last_key, last_event_sequence, failed, state, memory
)
SELECT * FROM unnest(
    $1::text[], $2::bigint[], $3::bigint[], $4::bytea[], $5::bigint[], $6::boolean[], $7::text[], $8::text[]
)
ON CONFLICT (subject_id) DO UPDATE SET
    event_count = excluded.event_count,
    size_bytes = excluded.size_bytes,
    last_key = excluded.last_key,
    last_event_sequence = excluded.last_event_sequence,
    failed = excluded.failed,
    state = excluded.state,
    memory = excluded.memory
