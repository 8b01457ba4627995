-- Adds files, one array a column.
INSERT INTO artifact_files (
    file_id, package_id, namespace, relative_path, media_type, executable, size_bytes, digest_algorithm, digest_primary,
    digest_sha256, content_address, blob_key, created_at
)
SELECT * FROM unnest(
    $1::bytea[], $2::bytea[], $3::text[], $4::text[], $5::text[], $6::boolean[], $7::bigint[], $8::text[], $9::bytea[],
    $10::bytea[], $11::text[], $12::bigint[], $13::bigint[]
)
