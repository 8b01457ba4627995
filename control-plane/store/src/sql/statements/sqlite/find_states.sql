-- What decisions need to know of these packages.
WITH asked (package_id) AS (VALUES {(?)})
SELECT
    p.package_id, p.namespace, p.retention_class, p.status, p.created_at, p.manifest_digest,
    r.current_expires_at, p.file_count, p.size_bytes, p.revision, p.last_event_sequence
FROM asked
CROSS JOIN artifact_packages AS p ON p.package_id = asked.package_id
LEFT JOIN retention_state AS r ON r.package_id = p.package_id
