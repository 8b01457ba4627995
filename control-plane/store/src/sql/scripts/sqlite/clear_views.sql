-- Empties the views, to be folded anew in the same transaction.
DELETE FROM artifact_packages;
DELETE FROM artifact_files;
DELETE FROM storage_locations;
DELETE FROM retention_state;
DELETE FROM contract_events;
DELETE FROM contract_states;
