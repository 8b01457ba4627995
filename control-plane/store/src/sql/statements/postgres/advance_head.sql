-- A log that ends at the second sequence ends at the first from now on; whoever listens is told when this is committed.
WITH told AS (
    SELECT moved.*, pg_notify('artifactstore_events', moved.sequence::text)
    FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS moved (sequence, head, log_id)
)
UPDATE event_log_head AS log_end
SET sequence = told.sequence
FROM told
WHERE log_end.singleton = 1 AND log_end.sequence = told.head AND log_end.log_id = told.log_id
RETURNING log_end.sequence
