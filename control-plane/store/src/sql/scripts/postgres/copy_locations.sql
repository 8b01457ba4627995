-- Adds locations in bulk: the columns of `add_locations`. The same one may come more than once.
COPY storage_locations (
    storage_location_id, content_address, backend_id, storage_key, byte_offset, byte_length, node_id, stored_at
) FROM STDIN (FORMAT binary)
