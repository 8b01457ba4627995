-- Up to $3 events of all streams after the place ($1, $2), stream by stream, each in its order: as many as have $4 bytes of
-- payload together, and at least one.
SELECT subject_id, sort_key, sequence, payload
FROM (
    SELECT
        c.subject_id,
        c.sort_key,
        c.sequence,
        e.payload,
        SUM(length(e.payload)) OVER (ORDER BY c.subject_id, c.sort_key ROWS UNBOUNDED PRECEDING) - length(e.payload)
            AS bytes_before
    FROM contract_events AS c
    JOIN events AS e ON e.sequence = c.sequence
    WHERE (c.subject_id, c.sort_key) > ($1, $2)
    ORDER BY c.subject_id, c.sort_key
    LIMIT $3
) AS page
WHERE bytes_before < $4
ORDER BY subject_id, sort_key
