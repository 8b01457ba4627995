-- Rows of artifact_files that are not what the log folds to, by their key: a hundred at most.
SELECT file_id
FROM (
    SELECT * FROM (SELECT * FROM kept_files EXCEPT SELECT * FROM artifact_files) AS kept
    UNION ALL
    SELECT * FROM (SELECT * FROM artifact_files EXCEPT SELECT * FROM kept_files) AS folded
) AS differing
GROUP BY file_id
ORDER BY file_id
LIMIT 100
