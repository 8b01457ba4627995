-- Puts what was folded in the place of the views. They stay the tables they are, with who may read them and what was built
-- upon them; their indexes are made again once the rows are there, which is how an index is made fastest. From here to the
-- commit nobody reads them.
DO $$
DECLARE
    home   TEXT := current_setting('artifactstore.views');
    view   TEXT;
    kept   REGCLASS;
    made   RECORD;
    again  TEXT[] := '{}';
    remake TEXT;
BEGIN
    FOREACH view IN ARRAY ARRAY['artifact_packages', 'artifact_files', 'storage_locations', 'retention_state'] LOOP
        kept := format('%s.%I', home, view)::regclass;
        EXECUTE format('TRUNCATE %s', kept);
        FOR made IN
            SELECT conname, pg_get_constraintdef(oid) AS definition
            FROM pg_constraint
            WHERE conrelid = kept AND contype IN ('p', 'u')
        LOOP
            EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', kept, made.conname);
            again := again || format('ALTER TABLE %s ADD CONSTRAINT %I %s', kept, made.conname, made.definition);
        END LOOP;
        FOR made IN
            SELECT indexrelid::regclass AS name, pg_get_indexdef(indexrelid) AS definition
            FROM pg_index
            WHERE indrelid = kept
        LOOP
            EXECUTE format('DROP INDEX %s', made.name);
            again := again || made.definition;
        END LOOP;
        EXECUTE format('INSERT INTO %s SELECT * FROM pg_temp.%I', kept, view);
    END LOOP;
    FOREACH remake IN ARRAY again LOOP
        EXECUTE remake;
    END LOOP;
END
$$
