-- Rows of artifact_packages that are not what the log folds to, by their key: a hundred at most.
SELECT package_id
FROM (
    SELECT * FROM (SELECT * FROM kept_packages EXCEPT SELECT * FROM artifact_packages) AS kept
    UNION ALL
    SELECT * FROM (SELECT * FROM artifact_packages EXCEPT SELECT * FROM kept_packages) AS folded
) AS differing
GROUP BY package_id
ORDER BY package_id
LIMIT 100
