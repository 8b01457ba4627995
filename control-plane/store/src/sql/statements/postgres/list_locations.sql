-- Every location of these blobs.
SELECT
    l.content_address, l.backend_id, l.storage_key, l.byte_offset, l.byte_length, l.node_id, l.stored_at
FROM unnest($1::text[]) AS asked (content_address)
JOIN storage_locations AS l ON l.content_address = asked.content_address
