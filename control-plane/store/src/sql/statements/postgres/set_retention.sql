-- Sets what retention says of packages, one array a column.
INSERT INTO retention_state (package_id, retention_class, current_expires_at, eligible_for_deletion)
SELECT asked.*, FALSE FROM unnest($1::bytea[], $2::text[], $3::bigint[]) AS asked
ON CONFLICT (package_id) DO UPDATE SET
    retention_class = excluded.retention_class,
    current_expires_at = excluded.current_expires_at
