-- Packages of the namespace $1, the newest first, strictly after ($2, $3); $4 to $8 filter where they are given; $9 rows.
SELECT
    p.package_id, p.namespace, p.name, p.producer, p.subject, p.kind, p.retention_class, p.metadata, p.provenance, p.actor,
    p.status, p.created_at, p.finalized_at, p.manifest_digest, p.failure_reason, r.current_expires_at, p.file_count,
    p.size_bytes, p.revision, p.last_event_sequence
FROM artifact_packages AS p
LEFT JOIN retention_state AS r ON r.package_id = p.package_id
WHERE p.namespace = $1
    AND (p.created_at, p.package_id) < ($2, $3)
    AND (CAST($4 AS TEXT) IS NULL OR p.status = $4)
    AND (CAST($5 AS TEXT) IS NULL OR p.producer = $5)
    AND (CAST($6 AS TEXT) IS NULL OR p.subject = $6)
    AND (CAST($7 AS TEXT) IS NULL OR p.retention_class = $7)
    AND (CAST($8 AS TEXT) IS NULL OR p.name = $8)
ORDER BY p.created_at DESC, p.package_id DESC
LIMIT $9
