-- Every location of these blobs: each address, with the first and the last id that its locations may have.
SELECT
    l.content_address, l.backend_id, l.storage_key, l.byte_offset, l.byte_length, l.node_id, l.stored_at
FROM unnest($1::text[], $2::bytea[], $3::bytea[]) AS asked (content_address, first_id, last_id)
JOIN storage_locations AS l
    ON l.storage_location_id >= asked.first_id
    AND l.storage_location_id <= asked.last_id
    AND l.content_address = asked.content_address
