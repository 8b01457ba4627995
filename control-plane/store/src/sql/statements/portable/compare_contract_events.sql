-- Rows of contract_events that are not what the log folds to, by their namespace and identifier, with whether they are kept and
-- whether they should be: a hundred at most.
SELECT row_key, MAX(is_kept), MAX(is_folded)
FROM (
    SELECT namespace || '/' || event_id AS row_key, CAST(1 AS BIGINT) AS is_kept, CAST(0 AS BIGINT) AS is_folded
    FROM (SELECT * FROM kept_contract_events EXCEPT SELECT * FROM contract_events) AS kept
    UNION ALL
    SELECT namespace || '/' || event_id, CAST(0 AS BIGINT), CAST(1 AS BIGINT)
    FROM (SELECT * FROM contract_events EXCEPT SELECT * FROM kept_contract_events) AS folded
) AS differing
GROUP BY row_key
ORDER BY row_key
LIMIT 100
