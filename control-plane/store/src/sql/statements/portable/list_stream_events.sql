-- Up to $4 events of the stream $1 after the sort key $3, in the order of the stream, none of them after the sequence $2:
-- as many as have $5 bytes of payload together, and at least one.
SELECT subject_id, sort_key, sequence, payload
FROM (
    SELECT
        c.subject_id,
        c.sort_key,
        c.sequence,
        e.payload,
        SUM(length(e.payload)) OVER (ORDER BY c.sort_key ROWS UNBOUNDED PRECEDING) - length(e.payload) AS bytes_before
    FROM contract_events AS c
    JOIN events AS e ON e.sequence = c.sequence
    WHERE c.subject_id = $1 AND c.sequence <= $2 AND c.sort_key > $3
    ORDER BY c.sort_key
    LIMIT $4
) AS page
WHERE bytes_before < $5
ORDER BY sort_key
