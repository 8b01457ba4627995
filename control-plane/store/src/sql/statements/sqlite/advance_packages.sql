-- Changes packages; what is null stays.
WITH change (
    package_id, status, finalized_at, manifest_digest, failure_reason, files_added, bytes_added, revision, last_event_sequence
) AS (VALUES {(?, ?, ?, ?, ?, ?, ?, ?, ?)})
UPDATE OR ROLLBACK artifact_packages AS p
SET
    status = COALESCE(change.status, p.status),
    finalized_at = COALESCE(change.finalized_at, p.finalized_at),
    manifest_digest = COALESCE(change.manifest_digest, p.manifest_digest),
    failure_reason = COALESCE(change.failure_reason, p.failure_reason),
    file_count = p.file_count + change.files_added,
    size_bytes = p.size_bytes + change.bytes_added,
    revision = change.revision,
    last_event_sequence = change.last_event_sequence
FROM change
WHERE p.package_id = change.package_id
