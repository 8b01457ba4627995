-- For each namespace and address, one file that has the blob.
SELECT
    f.file_id, f.package_id, f.relative_path, f.media_type, f.executable, f.size_bytes, f.digest_primary, f.digest_sha256,
    f.created_at
FROM unnest($1::bigint[], $2::text[], $3::text[]) AS asked (blob_key, namespace, content_address)
JOIN artifact_files AS f ON f.file_id = (
    SELECT any_one.file_id
    FROM artifact_files AS any_one
    WHERE any_one.blob_key = asked.blob_key
        AND any_one.namespace = asked.namespace
        AND any_one.content_address = asked.content_address
    LIMIT 1
)
