-- The id of the event $1.
SELECT event_id FROM events WHERE sequence = $1
