-- Moves nodes on in their lives; a status that is null stays.
WITH change (node_id, status, revision, last_event_sequence) AS (VALUES {(?, ?, ?, ?)})
UPDATE nodes AS n
SET
    status = COALESCE(change.status, n.status),
    revision = change.revision,
    last_event_sequence = change.last_event_sequence
FROM change
WHERE n.node_id = change.node_id
