-- A log that ends at the second sequence ends at the first from now on.
WITH moved (sequence, head, log_id) AS (VALUES {(?, ?, ?)})
UPDATE OR ROLLBACK event_log_head AS log_end
SET sequence = moved.sequence
FROM moved
WHERE log_end.singleton = 1 AND log_end.sequence = moved.head AND log_end.log_id = moved.log_id
