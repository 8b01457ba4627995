-- Which of these contract events are in the log.
SELECT c.namespace, c.event_id, c.digest, c.sequence
FROM unnest($1::text[], $2::text[]) AS asked (namespace, event_id)
JOIN contract_events AS c ON c.namespace = asked.namespace AND c.event_id = asked.event_id
