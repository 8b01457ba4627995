-- The states of these streams.
SELECT
    s.subject_id, s.event_count, s.size_bytes, s.last_key, s.last_event_sequence, s.failed, s.state, s.memory
FROM unnest($1::text[]) AS asked (subject_id)
JOIN contract_states AS s ON s.subject_id = asked.subject_id
