-- Drops what the migrations have made, whichever of them were applied, and the record of them.
BEGIN IMMEDIATE;
DROP TABLE IF EXISTS artifact_files;
DROP TABLE IF EXISTS artifact_packages;
DROP TABLE IF EXISTS contract_events;
DROP TABLE IF EXISTS contract_states;
DROP TABLE IF EXISTS event_log_head;
DROP TABLE IF EXISTS events;
DROP TABLE IF EXISTS metadata_schemas;
DROP TABLE IF EXISTS retention_classes;
DROP TABLE IF EXISTS retention_state;
DROP TABLE IF EXISTS storage_locations;
DROP TABLE IF EXISTS _sqlx_migrations;
COMMIT;
