-- Rows of storage_locations that are not what the log folds to, by their key: a hundred at most.
SELECT storage_location_id
FROM (
    SELECT * FROM (SELECT * FROM kept_locations EXCEPT SELECT * FROM storage_locations) AS kept
    UNION ALL
    SELECT * FROM (SELECT * FROM storage_locations EXCEPT SELECT * FROM kept_locations) AS folded
) AS differing
GROUP BY storage_location_id
ORDER BY storage_location_id
LIMIT 100
