-- Adds locations that are not there yet.
INSERT INTO storage_locations (
    content_address, storage_location_id, backend_id, storage_key, byte_offset, byte_length, node_id, stored_at,
    retrieval_tier
)
VALUES {(?, ?, ?, ?, ?, ?, ?, ?, 'hot')}
ON CONFLICT DO NOTHING
