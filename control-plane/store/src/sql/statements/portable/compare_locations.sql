-- Rows of storage_locations that are not what the log folds to, by their key, with whether they are kept and whether they
-- should be: a hundred at most.
SELECT storage_location_id, MAX(is_kept), MAX(is_folded)
FROM (
    SELECT storage_location_id, CAST(1 AS BIGINT) AS is_kept, CAST(0 AS BIGINT) AS is_folded
    FROM (SELECT * FROM kept_locations EXCEPT SELECT * FROM storage_locations) AS kept
    UNION ALL
    SELECT storage_location_id, CAST(0 AS BIGINT), CAST(1 AS BIGINT)
    FROM (SELECT * FROM storage_locations EXCEPT SELECT * FROM kept_locations) AS folded
) AS differing
GROUP BY storage_location_id
ORDER BY storage_location_id
LIMIT 100
