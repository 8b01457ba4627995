-- Rows of retention_state that are not what the log folds to, by their key: a hundred at most.
SELECT package_id
FROM (
    SELECT * FROM (SELECT * FROM kept_retention EXCEPT SELECT * FROM retention_state) AS kept
    UNION ALL
    SELECT * FROM (SELECT * FROM retention_state EXCEPT SELECT * FROM kept_retention) AS folded
) AS differing
GROUP BY package_id
ORDER BY package_id
LIMIT 100
