-- Adds nodes, or describes them anew, one array a column. When a node was registered first stays.
INSERT INTO nodes (
    node_id, status, public_key, endpoint, zone, weight, version, backends, registered_at, revision, last_event_sequence
)
SELECT * FROM unnest(
    $1::text[], $2::text[], $3::bytea[], $4::text[], $5::text[], $6::bigint[], $7::text[], $8::text[], $9::bigint[],
    $10::bigint[], $11::bigint[]
)
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
