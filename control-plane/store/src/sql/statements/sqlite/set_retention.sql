-- Sets what retention says of packages.
INSERT OR ROLLBACK INTO retention_state (package_id, retention_class, current_expires_at, eligible_for_deletion)
VALUES {(?, ?, ?, FALSE)}
ON CONFLICT (package_id) DO UPDATE SET
    retention_class = excluded.retention_class,
    current_expires_at = excluded.current_expires_at
