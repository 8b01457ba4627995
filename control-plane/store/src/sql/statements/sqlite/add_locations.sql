-- Adds locations that are not there yet.
INSERT OR ROLLBACK INTO storage_locations (
    storage_location_id, content_address, backend_id, storage_key, byte_offset, byte_length, node_id, stored_at,
    retrieval_tier
)
VALUES {(?, ?, ?, ?, ?, ?, ?, ?, 'hot')}
ON CONFLICT DO NOTHING
