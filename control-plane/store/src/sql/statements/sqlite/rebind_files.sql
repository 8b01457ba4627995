-- Binds files to other blobs.
WITH change (
    file_id, media_type, executable, size_bytes, digest_algorithm, digest_primary, digest_sha256, content_address,
    blob_key
) AS (VALUES {(?, ?, ?, ?, ?, ?, ?, ?, ?)})
UPDATE OR ROLLBACK artifact_files AS f
SET
    media_type = change.media_type,
    executable = change.executable,
    size_bytes = change.size_bytes,
    digest_algorithm = change.digest_algorithm,
    digest_primary = change.digest_primary,
    digest_sha256 = change.digest_sha256,
    content_address = change.content_address,
    blob_key = change.blob_key
FROM change
WHERE f.file_id = change.file_id
