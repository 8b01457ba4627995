-- What was heard of nodes; what was heard later stays.
INSERT INTO node_heartbeats (node_id, heard_at, heartbeat)
VALUES {(?, ?, ?)}
ON CONFLICT (node_id) DO UPDATE SET heard_at = excluded.heard_at, heartbeat = excluded.heartbeat
WHERE excluded.heard_at >= node_heartbeats.heard_at
