-- The log ends at $1 now; whoever listens is told when this is committed.
WITH told AS (SELECT pg_notify('artifactstore_events', $1::bigint::text))
UPDATE event_log_head SET sequence = $1 FROM told WHERE singleton = 1
