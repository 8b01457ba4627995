-- Rows of artifact_packages that are not what the log folds to, by their key, with whether they are kept and whether they
-- should be: a hundred at most.
SELECT package_id, MAX(is_kept), MAX(is_folded)
FROM (
    SELECT package_id, CAST(1 AS BIGINT) AS is_kept, CAST(0 AS BIGINT) AS is_folded
    FROM (SELECT * FROM kept_packages EXCEPT SELECT * FROM artifact_packages) AS kept
    UNION ALL
    SELECT package_id, CAST(0 AS BIGINT), CAST(1 AS BIGINT)
    FROM (SELECT * FROM artifact_packages EXCEPT SELECT * FROM kept_packages) AS folded
) AS differing
GROUP BY package_id
ORDER BY package_id
LIMIT 100
