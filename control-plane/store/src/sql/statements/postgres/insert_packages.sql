-- Adds packages, one array a column.
INSERT INTO artifact_packages (
    package_id, namespace, name, producer, subject, kind, retention_class, metadata, provenance, actor, status, created_at,
    finalized_at, manifest_digest, failure_reason, file_count, size_bytes, revision, last_event_sequence
)
SELECT * FROM unnest(
    $1::bytea[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
    $10::text[], $11::text[], $12::bigint[], $13::bigint[], $14::bytea[], $15::text[], $16::bigint[], $17::bigint[],
    $18::bigint[], $19::bigint[]
)
