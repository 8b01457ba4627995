-- Rows of nodes that are not what the log folds to, by their key, with whether they are kept and whether they should be: a
-- hundred at most.
SELECT node_id, MAX(is_kept), MAX(is_folded)
FROM (
    SELECT node_id, CAST(1 AS BIGINT) AS is_kept, CAST(0 AS BIGINT) AS is_folded
    FROM (SELECT * FROM kept_nodes EXCEPT SELECT * FROM nodes) AS kept
    UNION ALL
    SELECT node_id, CAST(0 AS BIGINT), CAST(1 AS BIGINT)
    FROM (SELECT * FROM nodes EXCEPT SELECT * FROM kept_nodes) AS folded
) AS differing
GROUP BY node_id
ORDER BY node_id
LIMIT 100
