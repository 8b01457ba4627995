-- The log ends here now; whoever listens is told when this is committed.
WITH told AS (
    SELECT moved.sequence, pg_notify('artifactstore_events', moved.sequence::text)
    FROM unnest($1::bigint[]) AS moved (sequence)
)
UPDATE event_log_head SET sequence = told.sequence FROM told WHERE singleton = 1
