-- A log that ends at the second sequence ends at the first from now on; whoever listens is told when this is committed. It
-- does not wait for another who holds the head: a statement that appends has locked the views by then, and that other may
-- be about to.
WITH held AS (
    SELECT sequence, log_id FROM event_log_head WHERE singleton = 1 FOR UPDATE NOWAIT
), told AS (
    SELECT moved.sequence, pg_notify('artifactstore_events', moved.sequence::text)
    FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS moved (sequence, head, log_id)
    JOIN held ON held.sequence = moved.head AND held.log_id = moved.log_id
)
UPDATE event_log_head SET sequence = told.sequence FROM told WHERE singleton = 1 RETURNING told.sequence
