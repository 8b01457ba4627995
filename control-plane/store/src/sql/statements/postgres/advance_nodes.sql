-- Moves nodes on in their lives, one array a column; a status that is null stays.
UPDATE nodes AS n
SET
    status = COALESCE(change.status, n.status),
    revision = change.revision,
    last_event_sequence = change.last_event_sequence
FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[])
    AS change (node_id, status, revision, last_event_sequence)
WHERE n.node_id = change.node_id
