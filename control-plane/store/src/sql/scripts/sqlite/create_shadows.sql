-- Empty views that hide the kept ones from this connection, so that the fold writes here what it would write there. The
-- kept ones stay visible under other names.
CREATE TEMP VIEW kept_packages AS SELECT * FROM main.artifact_packages;
CREATE TEMP VIEW kept_files AS SELECT * FROM main.artifact_files;
CREATE TEMP VIEW kept_locations AS SELECT * FROM main.storage_locations;
CREATE TEMP VIEW kept_retention AS SELECT * FROM main.retention_state;
CREATE TEMP VIEW kept_contract_events AS SELECT * FROM main.contract_events;
CREATE TEMP VIEW kept_contract_states AS SELECT * FROM main.contract_states;
CREATE TEMP TABLE artifact_packages AS SELECT * FROM main.artifact_packages WHERE FALSE;
CREATE TEMP TABLE artifact_files AS SELECT * FROM main.artifact_files WHERE FALSE;
CREATE TEMP TABLE storage_locations AS SELECT * FROM main.storage_locations WHERE FALSE;
CREATE TEMP TABLE retention_state AS SELECT * FROM main.retention_state WHERE FALSE;
CREATE TEMP TABLE contract_events AS SELECT * FROM main.contract_events WHERE FALSE;
CREATE TEMP TABLE contract_states AS SELECT * FROM main.contract_states WHERE FALSE;
CREATE UNIQUE INDEX shadow_packages_key ON artifact_packages (package_id);
CREATE UNIQUE INDEX shadow_files_key ON artifact_files (file_id);
CREATE UNIQUE INDEX shadow_locations_key ON storage_locations (storage_location_id);
CREATE UNIQUE INDEX shadow_retention_key ON retention_state (package_id);
CREATE UNIQUE INDEX shadow_contract_events_place ON contract_events (subject_id, sort_key);
CREATE UNIQUE INDEX shadow_contract_states_key ON contract_states (subject_id);
