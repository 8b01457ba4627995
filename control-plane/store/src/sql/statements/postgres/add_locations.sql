-- Adds locations that are not there yet, one array a column.
INSERT INTO storage_locations (
    storage_location_id, content_address, backend_id, storage_key, byte_offset, byte_length, node_id, stored_at,
    retrieval_tier
)
SELECT asked.*, 'hot' FROM unnest(
    $1::bytea[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::text[], $8::bigint[]
) AS asked
ON CONFLICT DO NOTHING
