-- A package: $1 its id.
SELECT
    p.package_id, p.namespace, p.name, p.producer, p.subject, p.kind, p.retention_class, p.metadata, p.provenance, p.actor,
    p.status, p.created_at, p.finalized_at, p.manifest_digest, p.failure_reason, r.current_expires_at, p.file_count,
    p.size_bytes, p.revision, p.last_event_sequence
FROM artifact_packages AS p
LEFT JOIN retention_state AS r ON r.package_id = p.package_id
WHERE p.package_id = $1
