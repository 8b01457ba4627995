-- Drops what the migrations have made, whichever of them were applied, and the record of them. The head comes first, as it
-- does for whoever appends.
DROP TABLE IF EXISTS
    event_log_head, artifact_files, artifact_packages, contract_events, contract_states, events, metadata_schemas,
    retention_classes, retention_state, storage_locations, _sqlx_migrations;
DROP FUNCTION IF EXISTS refuse_to_change_events();
