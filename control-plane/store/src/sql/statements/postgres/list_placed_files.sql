-- The first $3 files of the package $1 in the order of their paths, strictly after the path $2 (empty: from the first), in
-- any order, each with every location of its blob. The ids of those begin with the first 8 bytes of its digest; $4 is the
-- last that can follow.
SELECT
    page.file_id, page.package_id, page.relative_path, page.media_type, page.executable, page.size_bytes,
    page.digest_primary, page.digest_sha256, page.created_at, l.backend_id, l.storage_key, l.byte_offset,
    l.byte_length, l.node_id, l.stored_at
FROM (
    SELECT * FROM artifact_files WHERE package_id = $1 AND relative_path > $2 ORDER BY relative_path LIMIT $3
) AS page
LEFT JOIN storage_locations AS l
    ON l.storage_location_id >= substr(page.digest_primary, 1, 8)
    AND l.storage_location_id <= substr(page.digest_primary, 1, 8) || $4
    AND l.content_address = page.content_address
