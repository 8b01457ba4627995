-- Adds files.
INSERT OR ROLLBACK INTO artifact_files (
    file_id, package_id, namespace, relative_path, media_type, executable, size_bytes, digest_algorithm, digest_primary,
    digest_sha256, content_address, blob_key, created_at
)
VALUES {(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)}
