-- Every node, in the order of ids, with what was heard of it last.
SELECT
    n.node_id, n.status, n.public_key, n.endpoint, n.zone, n.weight, n.version, n.backends, n.registered_at, n.revision,
    n.last_event_sequence, h.heard_at, h.heartbeat
FROM nodes AS n
LEFT JOIN node_heartbeats AS h ON h.node_id = n.node_id
ORDER BY n.node_id
