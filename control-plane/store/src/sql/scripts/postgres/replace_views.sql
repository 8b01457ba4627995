-- Puts what was folded in the place of the views. They stay the tables they are, with who may read them and what was built
-- upon them; their indexes are made again once the rows are there, which is how an index is made fastest. From here to the
-- commit nobody reads them. They are locked in the order of their names, and so is every question that is about several.
DO $$
DECLARE
    home   TEXT := current_setting('artifactstore.views');
    view   TEXT;
    kept   REGCLASS;
    made   RECORD;
    again  TEXT[] := '{}';
    remake TEXT;
BEGIN
    FOR view IN
        SELECT relname FROM pg_class WHERE relnamespace = pg_my_temp_schema() AND relkind = 'r' ORDER BY relname
    LOOP
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
