-- Adds packages.
INSERT OR ROLLBACK INTO artifact_packages (
    package_id, namespace, name, producer, subject, kind, retention_class, metadata, provenance, actor, status, created_at,
    finalized_at, manifest_digest, failure_reason, file_count, size_bytes, revision, last_event_sequence
)
VALUES {(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)}
