-- The file $1.
SELECT
    f.file_id, f.package_id, f.relative_path, f.media_type, f.executable, f.size_bytes, f.digest_primary, f.digest_sha256,
    f.created_at
FROM artifact_files AS f
WHERE f.file_id = $1
