-- The states of these streams.
WITH asked (subject_id) AS (VALUES {(?)})
SELECT
    s.subject_id, s.event_count, s.size_bytes, s.last_key, s.last_event_sequence, s.failed, s.state, s.memory
FROM asked
CROSS JOIN contract_states AS s ON s.subject_id = asked.subject_id
