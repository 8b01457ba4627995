-- Every location of these blobs.
WITH asked (content_address) AS (VALUES {(?)})
SELECT
    l.content_address, l.backend_id, l.storage_key, l.byte_offset, l.byte_length, l.node_id, l.stored_at
FROM asked
CROSS JOIN storage_locations AS l ON l.content_address = asked.content_address
