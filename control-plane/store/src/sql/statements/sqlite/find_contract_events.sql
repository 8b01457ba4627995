-- Which of these contract events are in the log.
WITH asked (namespace, event_id) AS (VALUES {(?, ?)})
SELECT c.namespace, c.event_id, c.digest, c.sequence
FROM asked
CROSS JOIN contract_events AS c ON c.namespace = asked.namespace AND c.event_id = asked.event_id
