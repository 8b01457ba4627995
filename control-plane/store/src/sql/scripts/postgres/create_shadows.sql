-- Empty views that hide the kept ones from this connection, so that the fold writes here what it would write there. The
-- kept ones stay visible under other names. Only what the fold looks for has an index, and of a location that comes more
-- than once there may be more rows than one until `finish_shadows`.
SELECT set_config('artifactstore.views', relnamespace::regnamespace::text, TRUE)
FROM pg_class WHERE oid = 'artifact_packages'::regclass;
CREATE TEMP VIEW kept_packages AS SELECT * FROM artifact_packages;
CREATE TEMP VIEW kept_files AS SELECT * FROM artifact_files;
CREATE TEMP VIEW kept_locations AS SELECT * FROM storage_locations;
CREATE TEMP VIEW kept_retention AS SELECT * FROM retention_state;
CREATE TEMP VIEW kept_contract_events AS SELECT * FROM contract_events;
CREATE TEMP VIEW kept_contract_states AS SELECT * FROM contract_states;
CREATE TEMP TABLE artifact_packages (LIKE artifact_packages INCLUDING DEFAULTS, PRIMARY KEY (package_id));
CREATE TEMP TABLE artifact_files (LIKE artifact_files INCLUDING DEFAULTS, PRIMARY KEY (file_id));
CREATE TEMP TABLE storage_locations (LIKE storage_locations INCLUDING DEFAULTS);
CREATE TEMP TABLE retention_state (LIKE retention_state INCLUDING DEFAULTS, PRIMARY KEY (package_id));
CREATE TEMP TABLE contract_events (LIKE contract_events INCLUDING DEFAULTS, UNIQUE (subject_id, sort_key));
CREATE TEMP TABLE contract_states (LIKE contract_states INCLUDING DEFAULTS INCLUDING STORAGE, PRIMARY KEY (subject_id));
