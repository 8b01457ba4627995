-- Rows of contract_states that are not what the log folds to, by their key, with whether they are kept and whether they
-- should be: a hundred at most.
SELECT subject_id, MAX(is_kept), MAX(is_folded)
FROM (
    SELECT subject_id, CAST(1 AS BIGINT) AS is_kept, CAST(0 AS BIGINT) AS is_folded
    FROM (SELECT * FROM kept_contract_states EXCEPT SELECT * FROM contract_states) AS kept
    UNION ALL
    SELECT subject_id, CAST(0 AS BIGINT), CAST(1 AS BIGINT)
    FROM (SELECT * FROM contract_states EXCEPT SELECT * FROM kept_contract_states) AS folded
) AS differing
GROUP BY subject_id
ORDER BY subject_id
LIMIT 100
