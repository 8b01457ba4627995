-- What decisions need to know of these packages.
SELECT
    p.package_id, p.namespace, p.retention_class, p.status, p.created_at, p.manifest_digest,
    r.current_expires_at, p.file_count, p.size_bytes, p.revision, p.last_event_sequence
FROM unnest($1::bytea[]) AS asked (package_id)
JOIN artifact_packages AS p ON p.package_id = asked.package_id
LEFT JOIN retention_state AS r ON r.package_id = p.package_id
