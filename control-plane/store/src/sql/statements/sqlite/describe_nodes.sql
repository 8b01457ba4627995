-- Adds nodes, or describes them anew. When a node was registered first stays.
INSERT INTO nodes (
    node_id, status, public_key, endpoint, zone, weight, version, backends, registered_at, revision, last_event_sequence
)
VALUES {(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)}
ON CONFLICT (node_id) DO UPDATE SET
    status = excluded.status,
    public_key = excluded.public_key,
    endpoint = excluded.endpoint,
    zone = excluded.zone,
    weight = excluded.weight,
    version = excluded.version,
    backends = excluded.backends,
    revision = excluded.revision,
    last_event_sequence = excluded.last_event_sequence
