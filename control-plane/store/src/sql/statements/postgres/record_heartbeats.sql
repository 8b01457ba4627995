-- What was heard of nodes, one array a column; what was heard later stays.
INSERT INTO node_heartbeats (node_id, heard_at, heartbeat)
SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[])
ON CONFLICT (node_id) DO UPDATE SET heard_at = excluded.heard_at, heartbeat = excluded.heartbeat
WHERE excluded.heard_at >= node_heartbeats.heard_at
