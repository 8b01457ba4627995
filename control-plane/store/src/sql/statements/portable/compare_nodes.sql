-- Rows of nodes that are not what the log folds to, by their key: a hundred at most.
SELECT node_id
FROM (
    SELECT * FROM (SELECT * FROM kept_nodes EXCEPT SELECT * FROM nodes) AS kept
    UNION ALL
    SELECT * FROM (SELECT * FROM nodes EXCEPT SELECT * FROM kept_nodes) AS folded
) AS differing
GROUP BY node_id
ORDER BY node_id
LIMIT 100
