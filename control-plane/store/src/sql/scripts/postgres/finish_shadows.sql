-- Of a location that came more than once, the first row stays: they lie in the order in which they came.
CREATE TEMP TABLE known_locations AS
    SELECT DISTINCT ON (storage_location_id) * FROM storage_locations ORDER BY storage_location_id, ctid;
DROP TABLE pg_temp.storage_locations;
ALTER TABLE known_locations RENAME TO storage_locations;
