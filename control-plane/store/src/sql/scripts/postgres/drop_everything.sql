-- Drops what the migrations have made, whichever of them were applied, and the record of them.
DROP TABLE IF EXISTS
    answered_tickets, artifact_files, artifact_packages, control_plane_keys, event_log_head, events, metadata_schemas,
    node_heartbeats, nodes, retention_classes, retention_state, storage_locations, _sqlx_migrations;
DROP FUNCTION IF EXISTS refuse_to_change_events();
