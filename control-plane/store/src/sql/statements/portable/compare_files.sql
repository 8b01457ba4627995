-- Rows of artifact_files that are not what the log folds to, by their key, with whether they are kept and whether they
-- should be: a hundred at most.
SELECT file_id, MAX(is_kept), MAX(is_folded)
FROM (
    SELECT file_id, CAST(1 AS BIGINT) AS is_kept, CAST(0 AS BIGINT) AS is_folded
    FROM (SELECT * FROM kept_files EXCEPT SELECT * FROM artifact_files) AS kept
    UNION ALL
    SELECT file_id, CAST(0 AS BIGINT), CAST(1 AS BIGINT)
    FROM (SELECT * FROM artifact_files EXCEPT SELECT * FROM kept_files) AS folded
) AS differing
GROUP BY file_id
ORDER BY file_id
LIMIT 100
