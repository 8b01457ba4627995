-- Adds contract events, one array a column.
INSERT INTO contract_events (namespace, event_id, subject_id, sort_key, digest, sequence)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bytea[], $5::bytea[], $6::bigint[])
